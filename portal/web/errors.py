"""Plain pages for what went wrong. They show a request id and never a detail."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from portal.web import kept, navigation


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The form was older than the sign-in: ask to send it again, with what was typed; another site's POST is not kept."""
    is_ours = request.headers.get("Origin") == f"{request.scheme}://{request.get_host()}"
    is_kept = is_ours and request.user.is_authenticated
    if is_kept:
        kept.keep(request, person=request.user.pk)
    here = "填的都在" if is_kept else "已保存的内容都在"
    words = f"这一页开着的时间太长，或者在别处登录过。请重新打开这一页，再提交一次；{here}。"
    return _page(request, 403, "刚才没有提交成功", words, again=kept.page_of(request))


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    words = "送来的内容里有不能处理的字符，或者太多、太大。请返回上一页，删去特殊符号后再试；文件请一次少传几个。"
    return _page(request, 400, "这一次没有收下", words)


def too_large(request: HttpRequest) -> HttpResponse:
    """More than anybody's form holds, told before any of it is read. Only whoever is signed in has files to give."""
    words = "没有登录时只收文字，这一次送来的太大。文件请先登录，再从办件的页面上传。"
    if request.user.is_authenticated:
        most = settings.MATERIAL_CASE_BYTES // (1024 * 1024)
        words = f"这一次送来的太大，加起来最多 {most} MB。请分几次传，已保存的内容都在。"
    return _page(request, 413, "这一次没有收下", words)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if _at_work(request):
        words = "地址可能抄错了，也可能这一件不归您的岗位看。请核对编号，或问管理员。"
    else:
        words = "地址可能抄错了，也可能是这个办件不归您的账号。请核对编号，或问综合窗口。"
    return _page(request, 404, "没有找到这个页面", words)


def opened_by_address(request: HttpRequest) -> HttpResponse:
    """An address that only takes forms was opened: a phone brings a page back that it had put away."""
    words = "这一页是按了按钮才有的，不能直接打开。什么也没有再次提交，已保存的内容都在，请从首页接着办。"
    return _page(request, 405, "请从前一页进来", words)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, 403, "没有找到这个页面", "您登录的账号看不到这一页。请核对编号，或问综合窗口。")


def server_error(request: HttpRequest) -> HttpResponse:
    """A page of its own, which reads neither person, session nor messages: the database may be what failed."""
    return render(request, "errors/500.html", status=500)


def _page(request: HttpRequest, status: int, title: str, words: str, *, again: str = "") -> HttpResponse:
    """Staff stay in their own part of the portal."""
    context = {"title": title, "words": words, "again": again}
    if _at_work(request):
        context |= {"layout": "base_staff.html", "home": navigation.own_entry(request)}
    else:
        context |= {"layout": "base_public.html", "home": "/"}
    return render(request, "errors/page.html", context, status=status)


def _at_work(request: HttpRequest) -> bool:
    return getattr(request, "posting", None) is not None
