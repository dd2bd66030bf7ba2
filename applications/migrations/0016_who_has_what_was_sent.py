"""Who has what was sent before holders were noted: by the way of today, which is all that is known of it."""

from typing import Any

from django.db import migrations
from django.db.models import Q

ENDED = ["completed", "refused", "not_accepted", "withdrawn", "terminated"]
MAY_HAVE_IT = Q(status__in=["sending", "delivered"]) | Q(last_outcome__in=["delivered", "sent", "unknown"])


def note_holders(apps: Any, schema_editor: Any) -> None:
    Dispatch, Holder = apps.get_model("applications", "Dispatch"), apps.get_model("applications", "Holder")
    rules = {
        (rule.office_id, rule.item_code): rule for rule in apps.get_model("agencies", "OfficeRoute").objects.all()
    }
    rows = Dispatch.objects.filter(MAY_HAVE_IT, kind="task").exclude(task__status__in=ENDED)
    offices = apps.get_model("agencies", "Office").objects.exclude(gateway="inbox")
    joined = rows.filter(Q(task__office__in=offices) | Q(task__office__in=[office for office, _ in rules]))
    for row in joined.select_related("task__office", "task__item").iterator(500):
        office = row.task.office
        way = rules.get((office.pk, row.task.item.code), office)
        if way.gateway == "inbox":
            continue
        holder, _ = Holder.objects.get_or_create(
            task=row.task, office=office, gateway=way.gateway, endpoint=way.endpoint
        )
        Dispatch.objects.filter(pk=row.pk).update(holder=holder)


class Migration(migrations.Migration):
    dependencies = [("applications", "0015_holders_of_tasks")]

    operations = [migrations.RunPython(note_holders, migrations.RunPython.noop)]
