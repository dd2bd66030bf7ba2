"""Made-up people, answers and files for the demo and the tests. Numbers use the sequences 996 to 999 kept for no one."""

import io
from dataclasses import dataclass

from PIL import Image, ImageDraw

from applications.registration import Answers, check_digit


@dataclass(frozen=True)
class Soldier:
    """A made-up applicant."""

    name: str
    id_no: str
    phone: str


def id_number(region: str, birth: str, sequence: int) -> str:
    """A citizen's number with a right check digit; `birth` as yyyymmdd."""
    first = f"{region}{birth}{sequence:03d}"
    return first + check_digit(first)


def soldier(name: str, n: int, region: str = "110105") -> Soldier:
    """The n-th made-up soldier; every n gives another number."""
    birth = f"{1996 + n // 300 % 8}{n // 25 % 12 + 1:02d}{n % 25 + 1:02d}"
    return Soldier(name, id_number(region, birth, 999 if n % 2 else 997), f"1380000{n % 10000:04d}")


def answers_for(person: Soldier) -> Answers:
    """An answer to each field that a form can ask."""
    return {
        "name": person.name,
        "id_no": person.id_no,
        "ethnic": "汉族",
        "politics": "中共党员",
        "education": "大学专科",
        "marital": "未婚",
        "spouse": "",
        "enlist_date": "2021-09-10",
        "discharge_date": "2026-09-01",
        "mobile": person.phone,
        "relation": "子",
        "native": "祖籍山东临沂",
        "hukou_before": "入伍前所在街道富民路社区",
        "enlist_place": "入伍时所在旗区",
        "contact_addr": "富民路 12 号院 3 号楼 2 单元 501",
        "settlement": "self_employed",
        "cert_no": "退字第20260901号",
        "unit": "某部",
        "settle_place": "安置所在旗区",
        "hukou_mode": "relative",
        "host_name": "赵建国",
        "host_id": id_number("110105", "19680520", 997),
        "host_tel": "13900004410",
        "to_addr": "富民路 12 号院 3 号楼 2 单元 501",
        "police_station": "富民路派出所",
        "licence_no": "军驾2022-0417",
        "licence_class": "C1",
        "pension_kind": "flexible",
        "insured_place": "安置所在旗区",
        "med_kind": "resident",
        "move_balance": "no",
        "bank": "中国农业银行富民路支行",
        "account": "6228480000000000018",
        "card_bank": "中国农业银行",
        "card_delivery": "branch",
        "training": "yes",
        "training_trade": "电工",
        "deliver": "window",
        "post_addr": "富民路 12 号院 3 号楼 2 单元 501",
    }


def picture(title: str) -> bytes:
    """A JPEG that looks like a photographed paper: a title line and grey lines instead of words."""
    image = Image.new("RGB", (620, 877), "#f7f5ef")
    draw = ImageDraw.Draw(image)
    draw.rectangle((40, 40, 580, 837), outline="#b9b3a5")
    draw.text((70, 70), f"DEMO {len(title)}", fill="#4a4a4a")
    for line in range(12):
        draw.rectangle((70, 140 + line * 40, 550 - (line % 4) * 70, 150 + line * 40), fill="#c9c4b6")
    out = io.BytesIO()
    image.save(out, "JPEG", quality=80)
    return out.getvalue()
