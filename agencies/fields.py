"""The fields a registration form can have, each known once. A scheme only picks and arranges them (DOMAIN.md 4.2).

`kind` decides the control and the check. `derive` names what the ID number already says: such a field is filled in,
not asked. `checks` of single values live in `applications.registration`.
"""

from dataclasses import dataclass
from enum import StrEnum


class FieldKind(StrEnum):
    TEXT = "text"
    LONG_TEXT = "long_text"
    NAME = "name"
    ID_NUMBER = "id_number"
    PHONE = "phone"
    DATE = "date"
    MONTH = "month"
    CHOICE = "choice"
    RADIO = "radio"
    ACCOUNT = "account"
    NUMBER = "number"


class Hiding(StrEnum):
    """What members of staff see of a value until they ask for it in full: all, the end of a number, or nothing."""

    NOTHING = "nothing"
    NUMBER = "number"
    WHOLE = "whole"


# Numbers of a person are hidden by their kind; a document's number and the unit say so at the field (S-17, DOMAIN.md 5.3).
_HIDDEN_KINDS = {FieldKind.ID_NUMBER, FieldKind.PHONE, FieldKind.ACCOUNT}


class Sensitivity(StrEnum):
    """个人信息保护法第28条, GB/T 45574-2025: what does harm when it gets out stands apart from what is merely personal."""

    GENERAL = "一般个人信息"
    FINANCE = "金融账户"
    MEDICAL = "医疗保障"
    IDENTITY = "特定身份"


Choices = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Field:
    code: str
    label: str
    kind: FieldKind = FieldKind.TEXT
    choices: Choices = ()
    hint: str = ""
    max_length: int = 120
    autocomplete: str = ""
    derived: bool = False
    hiding: Hiding = Hiding.NOTHING

    @property
    def hides(self) -> Hiding:
        return Hiding.NUMBER if self.kind in _HIDDEN_KINDS else self.hiding


def same(*words: str) -> Choices:
    """Choices whose stored value is the word itself."""
    return tuple((word, word) for word in words)


ETHNIC_GROUPS = same(
    *[
        "汉族",
        "蒙古族",
        "回族",
        "藏族",
        "维吾尔族",
        "苗族",
        "彝族",
        "壮族",
        "布依族",
        "朝鲜族",
        "满族",
        "侗族",
        "瑶族",
        "白族",
        "土家族",
        "哈尼族",
        "哈萨克族",
        "傣族",
        "黎族",
        "傈僳族",
        "佤族",
        "畲族",
        "高山族",
        "拉祜族",
        "水族",
        "东乡族",
        "纳西族",
        "景颇族",
        "柯尔克孜族",
        "土族",
        "达斡尔族",
        "仫佬族",
        "羌族",
        "布朗族",
        "撒拉族",
        "毛南族",
        "仡佬族",
        "锡伯族",
        "阿昌族",
        "普米族",
        "塔吉克族",
        "怒族",
        "乌孜别克族",
        "俄罗斯族",
        "鄂温克族",
        "德昂族",
        "保安族",
        "裕固族",
        "京族",
        "塔塔尔族",
        "独龙族",
        "鄂伦春族",
        "赫哲族",
        "门巴族",
        "珞巴族",
        "基诺族",
        "其他",
        "外国血统中国籍人士",
    ]
)
POLITICS = same(
    "中共党员", "中共预备党员", "共青团员", "民革党员", "民盟盟员", "民建会员", "民进会员", "农工党党员", "致公党党员",
    "九三学社社员", "台盟盟员", "无党派人士", "群众",
)  # fmt: skip
EDUCATION = same(
    "研究生", "大学本科", "大学专科", "中等职业教育", "普通高级中学教育", "初级中学教育", "小学教育", "其他"
)
MARITAL = same("未婚", "已婚", "离异", "丧偶")
RELATIONS = same("本人", "子", "女", "配偶", "父亲", "母亲", "孙子女", "兄弟姐妹", "其他亲属", "非亲属")
SETTLEMENT = (
    ("self_employed", "自主就业"),
    ("assigned_job", "安排工作"),
    ("monthly_pension", "逐月领取退役金"),
    ("civilian_transfer", "转业"),
    ("demobilised", "复员"),
    ("retired", "退休"),
    ("supported", "供养"),
)
HUKOU_MODES = (
    ("residence", "合法稳定住所"),
    ("relative", "直系亲属投靠"),
    ("unit_collective", "单位集体户"),
    ("community_collective", "人才或社区集体户"),
)
AGENT_RELATIONS = same(
    "配偶", "父母", "子女", "兄弟姐妹", "其他亲属", "村（社区）工作人员", "退役军人服务站工作人员", "其他"
)
AUTHORITIES = (("letter", "有委托书，原件已收"), ("guardian", "是监护人，证明已核"))
YES_NO = (("yes", "是"), ("no", "否"))

_ALL = [
    Field("name", "姓名", FieldKind.NAME, hint="与身份证上的写法一致，有“·”也照写", max_length=60, autocomplete="name"),
    Field("id_no", "身份证号", FieldKind.ID_NUMBER, hint="18 位，最后一位可能是字母 X"),
    Field("sex", "性别", FieldKind.CHOICE, same("男", "女"), derived=True),
    Field("birth", "出生日期", FieldKind.DATE, derived=True, autocomplete="bday"),
    Field("ethnic", "民族", FieldKind.CHOICE, ETHNIC_GROUPS),
    Field("politics", "政治面貌", FieldKind.CHOICE, POLITICS),
    Field("education", "文化程度", FieldKind.CHOICE, EDUCATION),
    Field("marital", "婚姻状况", FieldKind.RADIO, MARITAL),
    Field("spouse", "配偶姓名", FieldKind.NAME, max_length=60),
    Field("enlist_date", "入伍时间", FieldKind.DATE, hint="以退出现役证件上的日期为准"),
    Field("discharge_date", "退役时间", FieldKind.DATE, hint="以退出现役证件上的日期为准"),
    Field("mobile", "联系电话", FieldKind.PHONE, hint="11 位手机号，办理进度会发到这里", autocomplete="tel"),
    Field("relation", "与落户方关系", FieldKind.CHOICE, RELATIONS, hint="您是落户那一户户主的什么人"),
    Field("native", "籍贯", hint="写到省和县、区、旗"),
    Field("hukou_before", "入伍前户口所在地", hint="写到街道或乡镇", max_length=200),
    Field("enlist_place", "入伍地", hint="写到县、区、旗", max_length=200),
    Field("contact_addr", "家庭住址", FieldKind.LONG_TEXT, hint="现在住的地方，写到门牌号", max_length=200,
          autocomplete="street-address"),
    Field("settlement", "安置方式", FieldKind.RADIO, SETTLEMENT, hint="写在退出现役证件或介绍信上"),
    Field("cert_no", "退役证件号码", hint="退出现役证件上的编号", max_length=60, hiding=Hiding.NUMBER),
    Field("unit", "退役部队", hint="只写对外公开的部队代号", hiding=Hiding.WHOLE),
    Field("settle_place", "安置地", hint="介绍信上写的安置地", max_length=200),
    Field("hukou_mode", "落户方式", FieldKind.RADIO, HUKOU_MODES, hint="方式不同，要交的材料也不同"),
    Field("host_name", "被投靠人姓名", FieldKind.NAME, max_length=60),
    Field("host_id", "被投靠人身份证号", FieldKind.ID_NUMBER, hint="18 位，最后一位可能是字母 X"),
    Field("host_tel", "被投靠人电话", FieldKind.PHONE),
    Field("to_addr", "拟迁入地址", FieldKind.LONG_TEXT, hint="户口要落到的地址，写到门牌号", max_length=200),
    Field("police_station", "拟迁入派出所", hint="不知道可以不填，由公安局确定"),
    Field("holds_licence", "是否持军警驾驶证", FieldKind.RADIO, YES_NO),
    Field("licence_no", "军警驾驶证号", max_length=40, hiding=Hiding.NUMBER),
    Field("licence_class", "准驾车型", FieldKind.CHOICE, same("A1", "A2", "A3", "B1", "B2", "C1", "C2", "D", "E", "F")),
    Field("pension_kind", "参保类型（养老）", FieldKind.RADIO,
          (("flexible", "灵活就业人员"), ("employee", "单位职工"), ("resident", "城乡居民"))),
    Field("insured_place", "参保地", hint="一般就是户口所在的县、区、旗"),
    Field("med_kind", "医保参保类型", FieldKind.RADIO, (("resident", "城乡居民"), ("employee", "职工（灵活就业）"))),
    Field("move_balance", "是否转移医保个人账户余额", FieldKind.RADIO, YES_NO, hint="选“是”，要等部队把余额划到当地后才能办"),
    Field("bank", "开户银行", hint="写到支行", max_length=80),
    Field("account", "银行账号", FieldKind.ACCOUNT, hint="本人名下的银行卡号，12 至 19 位"),
    Field("card_bank", "社保卡发卡银行", max_length=60),
    Field("card_delivery", "社保卡领取方式", FieldKind.RADIO, (("branch", "网点领取"), ("post", "邮寄"))),
    Field("training", "培训意愿", FieldKind.RADIO, (("yes", "想参加培训"), ("guidance", "只要就业创业指导"), ("no", "暂时不需要"))),
    Field("training_trade", "想学的工种", max_length=60),
    Field("deliver", "结果领取方式", FieldKind.RADIO, (("window", "窗口领取"), ("post", "邮寄"), ("electronic", "网上下载"))),
    Field("post_addr", "邮寄地址", FieldKind.LONG_TEXT, max_length=200),
    # Of who hands in for the person: asked at the window, whatever the region's form asks.
    Field("agent_name", "代办人姓名", FieldKind.NAME, max_length=60),
    Field("agent_relation", "代办人与申请人关系", FieldKind.CHOICE, AGENT_RELATIONS),
    Field("agent_id", "代办人身份证号", FieldKind.ID_NUMBER),
    Field("agent_tel", "代办人电话", FieldKind.PHONE),
    Field("agent_authority", "代办的依据", FieldKind.CHOICE, AUTHORITIES),
]  # fmt: skip

FIELDS: dict[str, Field] = {field.code: field for field in _ALL}

# It says whose case it is: another number is another case, so nobody asks to correct it.
IDENTITY = "id_no"

# Every field is named here, so that a new one is classified by whoever adds it and not by a default.
CLASSES: dict[str, Sensitivity] = {
    **dict.fromkeys(("bank", "account", "card_bank"), Sensitivity.FINANCE),
    **dict.fromkeys(("med_kind", "move_balance"), Sensitivity.MEDICAL),
    **dict.fromkeys(("unit",), Sensitivity.IDENTITY),
    **dict.fromkeys(
        (
            "name", "id_no", "sex", "birth", "ethnic", "politics", "education", "marital", "spouse", "enlist_date",
            "discharge_date", "mobile", "relation", "native", "hukou_before", "enlist_place", "contact_addr", "settlement",
            "cert_no", "settle_place", "hukou_mode", "host_name", "host_id", "host_tel", "to_addr", "police_station",
            "holds_licence", "licence_no", "licence_class", "pension_kind", "insured_place", "card_delivery", "training",
            "training_trade", "deliver", "post_addr", "agent_name", "agent_relation", "agent_id", "agent_tel",
            "agent_authority",
        ),
        Sensitivity.GENERAL,
    ),
}  # fmt: skip


def known(code: str) -> bool:
    return code in FIELDS
