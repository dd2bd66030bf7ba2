"""Whether what the scheme offers can be had: offices that handle it, ways to hand it in."""

from agencies.layers import Data
from agencies.linter.findings import Findings
from agencies.spec import SchemeSpec


def check_offices(spec: SchemeSpec, layer: Data, found: Findings) -> None:
    """Where a scheme opens, every agency that handles an item has an office."""
    if not layer.get("opens"):
        return
    offices = {office.agency for office in spec.offices}
    handling = {code for item in spec.items if item.enabled for code in item.agencies}
    for agency in spec.agencies:
        if agency.code in handling and not agency.office_name and agency.code not in offices:
            found.error(
                f"agencies.{agency.code}",
                f"“{agency.name}”没有办理机构，办件推送不出去",
                "写 office_name 或在 offices 中列出",
            )
        if agency.office_name and "{place}" not in agency.office_name:
            found.error(
                f"agencies.{agency.code}.office_name", "机构名称里没有 {place}，各地会同名", "写成“{place}公安局”这样"
            )
    for position, office in enumerate(spec.offices):
        if office.agency not in {agency.code for agency in spec.agencies}:
            found.error(f"offices.{position}", f"部门“{office.agency}”没有定义", "在 agencies 中写出，或改正代码")


def check_channels(spec: SchemeSpec, layer: Data, found: Findings) -> None:
    """What the text says and what the portal does agree: no way online without items, no items online without a way."""
    for position, channel in enumerate(spec.channels):
        if channel.kind is None:
            found.error(f"channels.{position}", f"没有写“{channel}”是网上还是窗口", "写 kind: online 或 kind: window")
        if channel.by_operator and not channel.note:
            found.error(
                f"channels.{position}", f"“{channel}”是平台增加的，没有说明", "用 note 写明方案怎么写、平台增加了什么"
            )
    if not spec.channels or not layer.get("opens"):
        return
    online = [item.title for item in spec.offered if item.online]
    if online and not spec.online_channels:
        found.error(
            "channels",
            f"“{'、'.join(online)}”能网上办，办理渠道里没有网上的",
            "把事项改成 online: false，或写出网上渠道；平台自己开通的写 by_operator: true",
        )
    if spec.online_channels and not online:
        found.error("channels", "写了网上渠道，没有一个事项能网上办", "去掉网上渠道，或把事项改成 online: true")
