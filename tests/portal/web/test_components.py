"""Every component rendered once with every state it must have; the page of them all is also what axe looks at."""

from datetime import date

import pytest
from django import forms
from django.core.paginator import Paginator
from django.template import Context, Template, engines
from django.test import RequestFactory

from agencies.deadlines import Calendar
from portal.web import presenters
from portal.web.presenters import (
    Action,
    Clock,
    Event,
    Figure,
    FileRow,
    Section,
    SummaryRow,
    Tag,
    TaskRow,
    Why,
    month_tables,
)
from portal.web.widgets import CheckCards, ChoiceCards, DayInput

CALENDAR = Calendar(
    years=frozenset({2026}),
    days_off=frozenset({date(2026, 9, 25), date(2026, 10, 1)}),
    make_up_days=frozenset({date(2026, 9, 20)}),
)


class SampleForm(forms.Form):
    name = forms.CharField(label="被投靠人姓名", help_text="和户口簿上的一样")
    email = forms.CharField(label="电子邮箱", required=False)
    settled = forms.DateField(label="退役时间", widget=DayInput)
    way = forms.ChoiceField(
        label="户口落在哪里",
        help_text="选不同的方式，要交的材料不一样。",
        choices=[("kin", "投靠直系亲属"), ("own", "自己的合法稳定住所")],
        widget=ChoiceCards(hints={"kin": "落到父母、配偶或子女的户口簿上"}),
    )
    yes = forms.ChoiceField(label="办不办", choices=[("1", "是"), ("0", "否")], widget=ChoiceCards(in_row=True))
    several = forms.MultipleChoiceField(label="哪几件", choices=[("a", "甲"), ("b", "乙")], widget=CheckCards)
    kin = forms.ChoiceField(label="您与被投靠人的关系", choices=[("", "请选择"), ("son", "子")])
    note = forms.CharField(label="备注", widget=forms.Textarea, required=False)
    promise = forms.BooleanField(label="以上事项是我自己选择办理的")


def render(source: str, **context: object) -> str:
    request = RequestFactory().get("/list/?q=a&page=2")
    return engines["django"].from_string(source).render(context, request)


def plain(source: str, **context: object) -> str:
    return " ".join(Template(source).render(Context(context)).split())


def test_icon_is_inline_and_hidden_from_readers() -> None:
    drawing = plain('{% icon "award" %}')

    assert drawing.startswith('<svg class="icon" viewBox="0 0 16 16"')
    assert 'aria-hidden="true"' in drawing
    assert "<path" in drawing


@pytest.mark.parametrize("name", ["no-such-icon", "../css/base", ""])
def test_icon_of_unknown_name_falls_back_to_the_building(name: str) -> None:
    assert plain("{% icon name %}", name=name) == plain('{% icon "buildings" %}')


def test_tag_says_its_state_in_words() -> None:
    from_value = plain("{% tag value %}", value=Tag("blue", "arrow-repeat", "办理中"))
    from_words = plain('{% tag "blue" "arrow-repeat" "办理中" %}')

    assert from_value == from_words
    assert "<span>办理中</span>" in from_value


@pytest.mark.parametrize(
    ("tone", "shape"),
    [("done", "circle-fill"), ("amber", "triangle-fill"), ("red", "octagon-fill"), ("grey", "pause-circle")],
)
def test_clock_differs_by_shape_and_not_by_colour_alone(tone: str, shape: str) -> None:
    assert plain("{% icon name %}", name=shape) in plain("{% clock c %}", c=Clock(tone, "剩 2 天"))


@pytest.mark.parametrize(("tone", "role"), [("red", "alert"), ("amber", "status"), ("done", "status")])
def test_alert_interrupts_only_when_red(tone: str, role: str) -> None:
    assert f'role="{role}"' in plain("{% alert tone %}已提交{% endalert %}", tone=tone)


def test_alert_escapes_what_a_person_wrote() -> None:
    shown = plain('{% alert "info" title=words %}{{ words }}{% endalert %}', words="<b>甲</b>")

    assert "<b>甲" not in shown
    assert shown.count("&lt;b&gt;甲&lt;/b&gt;") == 2


def test_error_summary_links_each_error_to_its_control() -> None:
    form = SampleForm({"name": "赵", "settled": "2026-02-30", "kin": "son", "yes": "1", "several": ["a"]})

    shown = plain("{% error_summary form %}", form=form)

    assert "还有 3 处要改" in shown
    assert 'href="#id_settled"' in shown
    assert 'href="#id_way_0"' in shown
    assert 'href="#id_promise"' in shown


def test_error_summary_names_a_field_once() -> None:
    class Form(forms.Form):
        native = forms.CharField(label="籍贯", error_messages={"required": "请填籍贯"})
        mobile = forms.CharField(label="联系电话", error_messages={"required": "请填 11 位手机号"})

    shown = plain("{% error_summary form %}", form=Form({}))

    assert (">请填籍贯<" in shown, ">联系电话：请填11位手机号<" in shown.replace(" ", "")) == (True, True)


def test_error_summary_of_a_form_without_errors_is_nothing() -> None:
    assert plain("{% error_summary form %}", form=SampleForm()) == ""


def test_pagination_keeps_the_filter() -> None:
    page = Paginator(range(93), 20).page(2)

    shown = render("{% pagination page %}", page=page)

    assert "第 2 页，共 5 页" in shown
    assert "第 21 至 40 件，共 93 件" in shown
    assert 'href="?q=a&amp;page=3"' in shown


def test_summary_list_says_what_was_left_empty() -> None:
    assert "没有填" in plain("{% summary_list rows %}", rows=[SummaryRow("备注", "")])
    due = plain("{% summary_list rows %}", rows=[SummaryRow("民族", "", "请选民族")])
    assert ("没有填" in due, "请选民族" in due) == (False, True)


def test_figure_without_data_is_not_zero() -> None:
    assert "还没有数据" in plain("{% figure f %}", f=Figure("收件", None, "件"))
    assert "<strong>0</strong>" in plain("{% figure f %}", f=Figure("收件", "0", "件"))


def test_section_list_counts_the_steps() -> None:
    sections = [Section("甲", "/1", "done"), Section("乙", "/2", "current"), Section("丙", "/3")]

    shown = plain("{% section_list sections %}", sections=sections)

    assert "第 2 步，共 3 步" in shown
    assert shown.count('aria-current="step"') == 1


def test_month_tables_begin_in_the_week_of_the_start_and_mark_the_days() -> None:
    counted = {date(2026, 9, 16), date(2026, 9, 20)}

    september, october = month_tables(date(2026, 9, 15), date(2026, 10, 8), CALENDAR, counted=counted)

    first = september.weeks[0]
    assert [cell and (cell.number, cell.kind, cell.mark) for cell in first] == [
        (14, "day", ""),
        (15, "start", "受理"),
        (16, "counted", ""),
        (17, "day", ""),
        (18, "day", ""),
        (19, "off", ""),
        (20, "counted", "班"),
    ]
    assert october.title == "2026年10月"
    assert october.weeks[1][3].kind == "due"


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("150602199801019993", "150***********9993"),
        ("13812346021", "138****6021"),
        ("6222020200112233445", "***************3445"),
        ("1234", "1234"),
        ("", ""),
    ],
)
def test_masked_hides_the_middle(number: str, shown: str) -> None:
    assert presenters.masked(number) == shown


def test_field_has_label_hint_error_and_control_in_this_order_with_their_ids() -> None:
    form = SampleForm({"name": ""})

    shown = plain("{% load crispy_forms_tags %}{{ form.name|as_crispy_field }}", form=form)

    places = [shown.index(part) for part in ("被投靠人姓名", 'id="id_name_helptext"', 'id="id_name_error"', "<input")]
    assert places == sorted(places)
    assert 'aria-describedby="id_name_helptext id_name_error"' in shown
    assert 'aria-invalid="true"' in shown
    assert "*" not in shown


def test_field_that_may_stay_empty_says_so() -> None:
    shown = plain("{% load crispy_forms_tags %}{{ form.email|as_crispy_field }}", form=SampleForm())

    assert "（选填）" in shown


def test_choice_cards_are_real_radios_with_the_consequence() -> None:
    shown = plain("{% load crispy_forms_tags %}{{ form.way|as_crispy_field }}", form=SampleForm())

    assert shown.count('type="radio"') == 2
    assert "<fieldset" in shown
    assert "落到父母、配偶或子女的户口簿上" in shown


def everything() -> dict[str, object]:
    """One value for every component, with all states; the screenshot of components uses it too."""
    why = Why(
        title="为什么是 10月8日",
        lines=("9月15日（星期二）受理，受理当天不算。", "承诺 12 个工作日办好。"),
        months=month_tables(date(2026, 9, 15), date(2026, 10, 8), CALENDAR, counted={date(2026, 9, 16)}),
        note="到那天 24 时还没办好，这里会写“已超期”。",
    )
    tags = [
        Tag("done", "check-circle-fill", "已办结"),
        Tag("blue", "arrow-repeat", "办理中"),
        Tag("amber", "exclamation-circle-fill", "需要您补正"),
        Tag("grey", "hourglass-split", "等待资金到账"),
        Tag("red", "x-circle-fill", "不予办理"),
        Tag("plain", "dash-circle", "已撤回"),
    ]
    return {
        "form": SampleForm({"name": ""}),
        "tags": tags,
        "clocks": [
            Clock("done", "剩 12 个工作日"),
            Clock("amber", "今天到期"),
            Clock("red", "超期 1 个工作日"),
            Clock("grey", "暂停计时"),
        ],
        "rows": [
            TaskRow(
                "恢复户口",
                tag,
                "示例公安局",
                "shield-shaded",
                "正在审查",
                "10月8日（星期四）前",
                "还剩 5 个工作日",
                why=why,
            )
            for tag in tags
        ],
        "summary": [
            SummaryRow("姓名", "赵明远", "来自您的账号", Action("更正", "/x", about="姓名")),
            SummaryRow("婚姻状况", "未婚", action=Action("修改", "/y", about="婚姻状况")),
        ],
        "events": [
            Event("9月23日（星期三）15:20", "公安局请您补正", "第 2 页看不清。", Action("补正告知书", "/p"), True),
            Event("9月15日（星期二）09:30", "各部门受理"),
        ],
        "sections": [Section("基本信息", "/1", "done"), Section("落户信息", "/2", "error"), Section("收款账户")],
        "files": [
            FileRow("亲属关系证明 第1页.jpg", tags[0], "2.4 MB", actions=(Action("查看", "/v", about="第1页"),)),
            FileRow("亲属关系证明 第2页.heic", tags[4], note="网络断开，其他页不受影响", is_failed=True),
        ],
        "page": Paginator(range(93), 20).page(2),
        "figures": [
            Figure("收件", "486", "件", "比去年秋季多 41 件"),
            Figure("已超期", "3", "件", tone="red"),
            Figure("好评", None),
        ],
    }


PAGE = """{% extends "base_form.html" %}{% load crispy_forms_tags %}
{% block title %}组件{% endblock %}
{% block breadcrumbs %}{% breadcrumbs "我的办件" "/c" "组件" %}{% endblock %}
{% block sidebar %}{% section_list sections saved_at="09:42" %}{% endblock %}
{% block content %}<div class="stack">
{% error_summary form %}<h1>组件</h1>
<p class="cluster">{% for t in tags %}{% tag t %}{% endfor %}</p><p class="cluster">{% for c in clocks %}{% clock c %}{% endfor %}</p>
<p class="cluster"><a class="btn btn-primary" href="/a">主按钮</a><a class="btn btn-outline-primary" href="/b">次按钮</a>
<button class="btn btn-outline-danger">撤回申请</button><button class="btn-quiet">以后再填</button></p>
{% alert "done" title="已提交" %}编号 150602-260914-00378{% endalert %}{% alert "info" %}材料有共享数据的，不用再交。{% endalert %}
{% alert "amber" %}快退出登录了。{% endalert %}{% alert "red" %}刚才没有提交成功，您填的都还在。{% endalert %}
{% card "基本信息" link="/z" link_text="修改" %}{% summary_list summary %}{% endcard %}
{% card "每件事办到哪一步" aside="今天" flush=True %}{% task_list rows %}{% endcard %}
{% card "经过" %}{% timeline events %}{% endcard %}
{% card "材料" %}<ul class="files">{% for row in files %}{% file_row row %}{% endfor %}</ul>{% endcard %}
{% card "待办" %}{% empty_state "inbox" "没有待受理的办件" %}新办件到了会出现在这里。{% endempty_state %}{% pagination page %}{% endcard %}
<div class="figures">{% for f in figures %}{% figure f %}{% endfor %}</div>
<form method="post">{% card "输入" %}{% crispy form %}{% endcard %}</form>
</div>{% endblock %}
{% block bottom_bar %}<div class="bottom-bar"><div class="frame bottom-bar__row"><div class="bottom-bar__words">{% icon "exclamation-triangle-fill" %}<div>
<div class="bottom-bar__title">尚未提交</div><div class="bottom-bar__hint">草稿只有您能看到，各部门还没有收到。</div></div></div>
<div class="bottom-bar__actions"><a class="btn btn-outline-primary" href="/l">保存，以后再交</a><button class="btn btn-primary">提交登记表</button></div></div></div>{% endblock %}"""


def component_page() -> str:
    from crispy_forms.helper import FormHelper

    context = everything()
    form = context["form"]
    form.helper = FormHelper()
    form.helper.form_tag = False
    return render(PAGE, **context)


@pytest.mark.django_db
def test_every_component_renders_without_inline_style_or_script() -> None:
    page = component_page()

    assert 'style="' not in page
    assert "onclick" not in page
    assert "{%" not in page


@pytest.mark.django_db
def test_every_reference_by_id_leads_somewhere() -> None:
    import re

    page = component_page()

    ids = set(re.findall(r'\bid="([^"]+)"', page))
    named = {name for names in re.findall(r'aria-(?:describedby|labelledby)="([^"]+)"', page) for name in names.split()}
    named |= set(re.findall(r'\bfor="([^"]+)"', page)) | set(re.findall(r'href="#([^"]+)"', page))
    assert named - ids == set()
