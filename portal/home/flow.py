"""办理流程图: the page with the drawings, and the same in words."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from agencies.flow_chart import FlowChart, flow_chart
from agencies.spec import SchemeSpec
from portal.home.drawing import draw, draw_for_phone
from portal.home.forms import PlaceForm
from portal.home.presenters import count_words
from portal.home.shown import shown


@require_GET
def flow(request: HttpRequest) -> HttpResponse:
    """The chosen place's chart; on a narrow screen and for those who do not see it, the words."""
    found = shown(request)
    if found is None:
        return render(request, "home/guide_place.html", {"form": PlaceForm(), "next": request.path, "name": "流程图"})
    spec = found.spec
    chart = flow_chart(spec)
    context = {
        **found.context,
        "count": count_words(len(spec.offered)),
        "drawings": [draw(spec, chart), draw_for_phone(spec, chart)],
        "sentences": sentences(spec, chart),
    }
    return render(request, "home/flow.html", context)


def sentences(spec: SchemeSpec, chart: FlowChart) -> list[str]:
    """The whole way in numbered sentences, nothing of the drawing left out."""
    at_once = [step for step in chart.steps if not step.hard and not step.facts]
    later = [step for step in chart.steps if step.hard or step.facts]
    hints = [step for step in at_once if step.soft]
    review = f"先由{spec.agency(spec.pre_review.agency).name}预审，通过后" if spec.pre_review else ""
    return [
        *chart.prerequisites,
        f"填登记表，{review}{count_words(len(at_once))}件事同时开始：{'、'.join(step.item.title for step in at_once)}。",
        *(step.sentence for step in hints),
        *(step.sentence for step in later),
        *(f"{step.item.title}：{step.item.in_person_reason or '要本人到场。'}" for step in chart.steps if step.item.in_person),
        "每一件办好就告诉您，全部办好后汇成一张办理结果反馈单。",
    ]  # fmt: skip
