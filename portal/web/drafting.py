"""What filling in the form is for applicants and window clerks alike: steps, materials, files, and what a lost session keeps."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, BinaryIO

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone

from agencies.fields import FIELDS, known
from agencies.guide import later_text
from agencies.spec import FormField, FormSection, MaterialSpec
from applications import drafts, privacy, promises
from applications import materials as giving
from applications.errors import Refused
from applications.models import Application, Draft, Material
from applications.registration import display, normalise
from portal.web import kept
from portal.web.access import SignedInRequest, signed_in
from portal.web.forms import typed
from portal.web.presenters import Action as Link
from portal.web.presenters import FileRow, Tag, file_size, masked

MASKED = {"id_no", "mobile", "host_id", "host_tel", "account"}


def shown(code: str, value: str) -> str:
    """A value in words; numbers that must not be read over a shoulder are masked."""
    return masked(value) if code in MASKED else display(FIELDS[code], value)


# -- handing in ----------------------------------------------------------------------------------------------------------


def before_handing_in(draft: Draft, problems: Mapping[str, str]) -> dict[str, Any]:
    """What is ticked before a form is handed in: the promise, and that the notice was seen, with what is wrong there."""
    return {
        "promise": draft.scheme.spec.form.promise,
        "promised_papers": promises.of_form(draft, timezone.localdate()),
        "promise_error": problems.get("promise", ""),
        "agree_error": problems.get("agree", ""),
        "privacy_version": privacy.CURRENT,
        "sensitive": privacy.sensitive_uses(draft.registration),
    }


def ticked(request: SignedInRequest) -> dict[str, Any]:
    """What was ticked there, as `submission.submit` takes it."""
    return {
        "promised": request.POST.get("promise") == "on",
        "agreed": request.POST.get("agree") == "on",
        "notice": request.POST.get("notice", ""),
    }


# -- sections ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class SectionState:
    """One section of the form with the fields asked now and what is wrong in it."""

    section: FormSection
    asked: list[FormField]
    problems: dict[str, str]
    is_touched: bool

    @property
    def state(self) -> str:
        """done, error (something typed is wrong or something is missing after a start) or open."""
        if not self.problems:
            return "done"
        return "error" if self.is_touched else "open"


def sections_of(draft: Draft) -> list[SectionState]:
    """The sections that the ticked items call for, each with its state."""
    form = draft.registration
    problems = form.problems(timezone.localdate())
    states = []
    for section, asked in form.sections():
        codes = [entry.field for entry in asked]
        own = [code for code in codes if not FIELDS[code].derived and code not in ("name", "id_no", "mobile")]
        states.append(
            SectionState(
                section,
                asked,
                {code: problems[code] for code in codes if code in problems},
                any(draft.answers.get(code) for code in own),
            )
        )
    return states


def save_typed(draft: Draft, values: Mapping[str, str], version: int | None) -> Draft:
    """Saves what was typed, right or wrong. Raises Stale only when the newer content really differs from it.

    An autosave that was still on its way when the button was pressed is thus no quarrel.
    """
    try:
        return drafts.save(draft, values, version=version)
    except drafts.Stale as stale:
        stored = stale.draft.answers
        if any(str(stored.get(code) or "") != normalise(FIELDS[code], value) for code, value in values.items()):
            raise
        return stale.draft


def autosaved(request: HttpRequest, draft: Draft, *, also: Iterable[str] = ()) -> JsonResponse:
    """Keeps what is typed while the person goes on; answers with the time and the new version."""
    codes = [*(entry.field for state in sections_of(draft) for entry in state.asked), *also]
    try:
        draft = save_typed(draft, typed(request.POST, codes), version_of(request))
    except Refused as refused:
        return JsonResponse({"message": str(refused)}, status=409)
    return JsonResponse({"saved_at": f"{timezone.localtime(draft.saved_at):%H:%M}", "version": draft.version})


def version_of(request: HttpRequest) -> int | None:
    """The version of the draft that the posted page showed."""
    text = request.POST.get("version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else None


# -- materials -----------------------------------------------------------------------------------------------------------


@dataclass
class Slot:
    """One material to give: why, which papers serve, the files given so far, what was wrong with the last try."""

    code: str
    title: str
    because: str
    notes: list[str]
    is_optional: bool
    is_deferrable: bool = False
    files: list[FileRow] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    materials: list[Material] = field(default_factory=list)
    # What an earlier case already has, in words for the button that takes it over.
    before: str = ""

    @property
    def anchor(self) -> str:
        return f"m-{self.code}"

    @property
    def is_given(self) -> bool:
        return bool(self.files)

    @property
    def is_seen(self) -> bool:
        """Every file of it was compared with the original."""
        return bool(self.materials) and all(material.checked_at for material in self.materials)

    @property
    def tag(self) -> Tag:
        if self.errors:
            return Tag("red", "x-circle-fill", "没有传上来")
        if self.is_seen:
            return Tag("done", "check-circle-fill", "原件已核")
        if self.files:
            return Tag("done", "check-circle-fill", f"已传 {len(self.files)} 个")
        return (
            Tag("grey", "dash-circle", "可以后补" if self.is_deferrable else "选交")
            if self.is_optional
            else Tag("amber", "exclamation-circle-fill", "待上传")
        )


def _notes(spec: MaterialSpec) -> list[str]:
    notes = []
    if spec.alternatives:
        notes.append(f"{'、'.join(spec.alternatives)}，交其中一样就可以")
    if spec.explanation:
        notes.append(spec.explanation)
    if spec.issued_by:
        notes.append(f"由{spec.issued_by}出具")
    if spec.replaced_by:
        notes.append(f"可以用{spec.replaced_by}代替")
    if later := later_text(spec):
        notes.append(later)
    return notes


def unsent_deeds(material: Material, link: Callable[[str, str], Link]) -> tuple[Link, ...]:
    """What may be done with a file that was not sent yet; `link` makes a button of a deed and its words."""
    turn = (link("turn", "转 90 度"),) if material.extension == "jpg" else ()
    return (*turn, link("remove", "删除"))


def posted_with(form: str, material: Material) -> Callable[[str, str], Link]:
    """Deeds as buttons of a form of the page, so that what is typed there comes along."""
    return lambda deed, words: Link(
        words, "", data=((deed, str(material.pk)),), about=material.original_name, form=form
    )


def file_row(material: Material, *, url: str, deeds: tuple[Link, ...] = ()) -> FileRow:
    tag = (
        Tag("done", "check-circle-fill", "原件已核")
        if material.checked_at
        else Tag("done", "check-circle-fill", "已传好")
    )
    return FileRow(
        name=material.original_name,
        tag=tag,
        size=file_size(material.size),
        note=f"{material.pages} 页" if material.pages > 1 else "",
        thumb_url=url if material.extension == "jpg" else "",
        actions=(Link("查看", url, about=material.original_name), *deeds),
    )


def slots_of(
    draft: Draft,
    given: Iterable[Material],
    *,
    row: Callable[[Material], FileRow],
    errors: Mapping[str, list[str]] | None = None,
) -> list[Slot]:
    """The materials that the ticked items and the answers call for, each once."""
    by_code: dict[str, list[Material]] = {}
    for material in given:
        by_code.setdefault(material.code, []).append(material)
    wanted = draft.scheme.spec.materials_for(frozenset(draft.ticked), draft.answers)
    return [
        Slot(
            code=spec.code,
            title=spec.title,
            because=spec.because,
            notes=_notes(spec),
            is_optional=spec.optional or spec.deferrable,
            is_deferrable=spec.deferrable,
            files=[row(material) for material in by_code.get(spec.code, [])],
            errors=(errors or {}).get(spec.code, []),
            materials=by_code.get(spec.code, []),
        )
        for spec in wanted
    ]


def receive(files: Iterable[UploadedFile], take: Callable[[str, int, BinaryIO], Any]) -> list[str]:
    """Gives each file to `take` on its own, so that one bad file loses nothing of the others.

    Returns a sentence for each file that was refused, with its name in front.
    """
    refused = []
    for file in files:
        try:
            take(file.name or "", file.size or 0, file.file)  # type: ignore[arg-type]
        except Refused as error:
            refused.append(f"{file.name}：{error}")
    return refused


def take_answers(request: SignedInRequest, case: Application, codes: Iterable[str]) -> dict[str, list[str]]:
    """Keeps the files that came along for these materials of a case; says by material what was refused."""
    refused: dict[str, list[str]] = {}
    for code in dict.fromkeys(codes):

        def take(name: str, size: int, stream: Any, code: str = code) -> None:
            giving.answer_with(application=case, code=code, name=name, size=size, stream=stream, user=request.user)

        if words := receive(request.FILES.getlist(f"file-{code}"), take):
            refused[code] = words
    return refused


def change_unsent(request: SignedInRequest, given: Iterable[Material]) -> None:
    """Removes or turns one of these files, as the pressed button says; one that is sent or gone is left alone."""
    own = {str(material.pk): material for material in given}
    for deed, do, words in (("remove", giving.remove, "已删除"), ("turn", giving.turn, "已转 90 度：")):
        if (material := own.get(request.POST.get(deed, ""))) is None:
            continue
        try:
            do(material)
            messages.success(request, f"{words} {material.original_name}")
        except Refused as refused:
            messages.error(request, str(refused))


# -- a session that ended in the middle ----------------------------------------------------------------------------------


def wants_json(request: HttpRequest) -> bool:
    """Asked by our own scripts, not by a form."""
    return request.headers.get("Accept") == "application/json"


def keeps_typed(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Signed in only; our own scripts are told in words, and what a form posted waits until the person is back."""
    for_people = signed_in(view)

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated and wants_json(request):
            words = "为了安全已退出登录。点“保存”后登录，填的都在"
            return JsonResponse({"message": words, "error": words}, status=401)
        return for_people(request, *args, **kwargs)

    return guarded


def typed_before(request: HttpRequest) -> dict[str, str]:
    """What was typed on this page before the session ended; given once, after the page has checked whose form it is."""
    posted = kept.take(request, is_own=True)
    return {code: str(posted[code])[: FIELDS[code].max_length] for code in posted if known(code)}
