"""Who may come in: supervisors and administrators look, administrators act, auditors read the logs and nothing else.

For everybody else the console is not there.
"""

from agencies.enums import Role
from portal.web.access import posting_required

overseers_only = posting_required(Role.SUPERVISOR, Role.ADMINISTRATOR)
operators_only = posting_required(Role.ADMINISTRATOR)
auditors_only = posting_required(Role.AUDITOR)
