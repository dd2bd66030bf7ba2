"""The form through which a region file or a calendar comes in. Called by the admin and by the console."""

from typing import Any, ClassVar

from django import forms


class FileOrTextForm(forms.Form):
    """A YAML file, chosen or typed. What is typed wins, so that one can mend and check again.

    `kind` is what the file is called, `limit` its bytes at most, `limit_words` the same as people read it. A form that is
    one has the fields `file` and `text`.
    """

    kind: ClassVar[str]
    limit: ClassVar[int]
    limit_words: ClassVar[str]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        file = cleaned.get("file")
        if file is not None and not cleaned.get("text", "").strip():
            if file.size > self.limit:
                raise forms.ValidationError(f"文件超过 {self.limit_words}，{self.kind}没有这么大，请检查是不是选错了。")
            try:
                cleaned["text"] = file.read().decode("utf-8-sig")
            except UnicodeDecodeError:
                raise forms.ValidationError("文件不是 UTF-8 编码，请另存为 UTF-8 再上传。") from None
        if not cleaned.get("text", "").strip():
            raise forms.ValidationError("请选择一个文件，或者粘贴文件内容。")
        return cleaned
