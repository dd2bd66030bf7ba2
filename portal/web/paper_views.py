"""Papers: handed out to those who may see them, and checked by anyone who holds one."""

from typing import Any

from crispy_forms.layout import Field
from django import forms
from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_GET, require_http_methods

from applications import access, verification
from applications.enums import DocumentKind, DocumentStatus
from applications.errors import Refused
from applications.models import Document
from applications.papers import paper
from applications.verification import Verified
from portal.web import layout, presenters
from portal.web.access import signed_in
from portal.web.files import VIEWER_POLICY
from portal.web.presenters import SummaryRow

app_name = "papers"


@signed_in
@require_GET
def download(request: HttpRequest, number: str) -> HttpResponseBase:
    """The PDF. Not made yet: a page that says so. Cannot be made here: the same paper as HTML, which prints as well."""
    document = _visible(request, number)
    if document.status == DocumentStatus.REQUESTED and not document.error:
        return render(request, "web/paper_pending.html", {"document": document, "title": paper.title_of(document)})
    if refused := _note_look(request, document):
        return refused
    name = document.file.name or ""
    if document.status == DocumentStatus.READY and document.file.storage.exists(name):
        content = document.file.storage.open(name)
        filename = f"{paper.title_of(document)} {document.number}.pdf"
        response = FileResponse(content, content_type="application/pdf", filename=filename)
        response.headers["Content-Security-Policy"] = VIEWER_POLICY
        return response
    return HttpResponse(paper.html_of(document, is_page=True))


@signed_in
@require_GET
def page(request: HttpRequest, number: str) -> HttpResponse:
    """The paper as HTML, for screen readers and small screens."""
    document = _visible(request, number)
    return _note_look(request, document) or HttpResponse(paper.html_of(document, is_page=True))


def _note_look(request: HttpRequest, document: Document) -> HttpResponse | None:
    """Writes down that staff look at a form with full numbers; where they may not, what they get instead."""
    user: Any = request.user
    if document.kind != DocumentKind.REGISTRATION or document.application.applicant_id == user.pk:
        return None
    try:
        access.open_form(document.application, viewer=user, posting=request.posting)  # type: ignore[attr-defined]
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect("home:landing")
    return None


def _visible(request: HttpRequest, number: str) -> Document:
    """A paper of one's own cases, or one that the posting may see; anything else is not there."""
    user: Any = request.user
    scopes = [Document.objects.for_applicant(user)]
    if posting := getattr(request, "posting", None):
        scopes.append(Document.objects.for_posting(posting))
    for scope in scopes:
        found = scope.filter(number=number).select_related("application__scheme", "application__region").first()
        if found is not None:
            return found
    raise Http404


class VerifyForm(forms.Form):
    """Both stand at the foot of the paper."""

    number = forms.CharField(
        label="文书编号", max_length=60, help_text="印在文书下方", error_messages={"required": "请填文书编号"}
    )
    code = forms.CharField(
        label="校验码",
        max_length=20,
        help_text="8 位字母和数字，大小写都可以",
        error_messages={"required": "请填校验码"},
    )
    use_required_attribute = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = layout.bare(Field("number"), Field("code", autocomplete="off"))


@require_http_methods(["GET", "HEAD", "POST"])
def verify(request: HttpRequest) -> HttpResponse:
    """Anyone may check a paper. Number and code come by POST, so that the code is in no address and no log."""
    if request.method != "POST":
        return render(request, "web/verify.html", {"form": VerifyForm(initial={"number": request.GET.get("n", "")})})
    form = VerifyForm(request.POST)
    found = _checked(form) if form.is_valid() else None
    return render(request, "web/verify.html", {"form": form, "found": found, "rows": _rows(found) if found else None})


def _checked(form: VerifyForm) -> Verified | None:
    """The paper, or None with the reason at the form."""
    try:
        found = verification.verify(form.cleaned_data["number"], form.cleaned_data["code"])
    except Refused as refused:
        form.add_error(None, str(refused))
        return None
    if found is None:
        form.add_error("code", "编号和校验码对不上，请对照文书再看一遍")
    return found


def _rows(found: Verified) -> list[SummaryRow]:
    return [
        SummaryRow("文书", found.title),
        SummaryRow("文书编号", found.number),
        SummaryRow("申请人", found.masked_name),
        SummaryRow("事项", "、".join(found.items), is_wide=True),
        SummaryRow("出具", found.issuer),
        SummaryRow("生成时间", presenters.moment_words(found.made_at)),
        SummaryRow("现在的状态", found.state),
        SummaryRow("文件校验值（SHA-256）", found.sha256 or "文件还在生成", is_wide=True),
    ]


urlpatterns = [
    path("papers/<slug:number>.pdf", download, name="download"),
    path("papers/<slug:number>/", page, name="page"),
    path("verify/", verify, name="verify"),
]
