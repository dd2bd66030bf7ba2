"""Who may come in: supervisors and administrators look, administrators act. For everybody else the console is not there."""

from agencies.enums import Role
from portal.web.access import posting_required

overseers_only = posting_required(Role.SUPERVISOR, Role.ADMINISTRATOR)
operators_only = posting_required(Role.ADMINISTRATOR)
