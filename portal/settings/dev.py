"""A developer's own machine, and the demo that run.py starts."""

from portal.settings.base import *  # noqa: F403
from portal.settings.base import SEALING_KEYS, env
from portal.settings.base import SECRET_KEY as _key
from portal.settings.made import made_key

DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = _key or "dev-only-not-a-secret"
ENVIRONMENT_NOTICE = env("ENVIRONMENT_NOTICE", default="演示环境：所有人员均为虚构，提交不产生法律效力")
IS_DEMO = True
if not SEALING_KEYS:
    INDEX_KEY = made_key(SECRET_KEY)
    SEALING_KEYS = [f"dev:sm4:{INDEX_KEY}"]
