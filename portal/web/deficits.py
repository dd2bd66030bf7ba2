"""What is wrong with a form, a row for each thing: for an office that asks for a correction, and for the hub that gives a
form back. components/deficits.html shows the rows.
"""

from dataclasses import dataclass

from django import forms

from applications.review import Deficit

# What is most often wrong with a material; the words after it are free.
MATERIAL_REASONS = (
    "没有交",
    "看不清，请平放、光线均匀重拍",
    "没有拍全，有缺页或缺角",
    "缺印章或签字",
    "已过有效期",
    "不是要求的材料",
    "与填写的内容不一致",
)


@dataclass(frozen=True)
class Row:
    """What it is about, the free words, and for a material the choice before them."""

    code: str
    name: str
    words: forms.BoundField
    pick: forms.BoundField | None = None
    is_noted: bool = False


class DeficitForm(forms.Form):
    """A row with words in it is a deficit. Whoever builds the form adds its rows."""

    material_rows: list[Row]
    field_rows: list[Row]

    def material_row(self, code: str, name: str, *, is_missing: bool, noted: str = "") -> Row:
        self.fields[f"pick-{code}"] = forms.ChoiceField(
            label=f"{name}：哪里不对",
            choices=[("", "没有问题"), *[(reason, reason) for reason in MATERIAL_REASONS]],
            required=False,
            initial=MATERIAL_REASONS[0] if is_missing else "",
        )
        self.fields[f"words-{code}"] = forms.CharField(
            label=f"{name}：具体说明", max_length=200, required=False, initial=noted
        )
        return Row(code, name, self[f"words-{code}"], self[f"pick-{code}"], bool(noted) or is_missing)

    def field_row(self, code: str, label: str) -> Row:
        name = f"field-{code}"
        self.fields[name] = forms.CharField(label=f"{label}：哪里不对", max_length=200, required=False)
        return Row(code, label, self[name])

    def deficits(self) -> list[Deficit]:
        found, given = [], self.cleaned_data
        for row in self.material_rows:
            parts = [given.get(f"pick-{row.code}", ""), given.get(f"words-{row.code}", "")]
            if reason := "：".join(part for part in parts if part):
                found.append(Deficit(reason, material=row.code))
        for row in self.field_rows:
            if reason := given.get(f"field-{row.code}", ""):
                found.append(Deficit(reason, field=row.code))
        return found
