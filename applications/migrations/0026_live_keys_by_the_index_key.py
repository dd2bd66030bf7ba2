from django.db import migrations

from portal.security import crypto

_CHUNK = 500


def with_index_key(apps, schema_editor):
    """They were made with SECRET_KEY before; another one would have let a person open the same item twice."""
    tasks = apps.get_model("applications", "ItemTask").objects
    rows = tasks.select_related("application", "item", "office").order_by("pk")
    changed = []
    for task in rows.iterator(chunk_size=_CHUNK):
        text = f"{task.application.subject_id_no}|{task.item.code}|{task.office.agency_id}"
        task.live_key = crypto.index_of(text, "applications_itemtask.live_key")
        changed.append(task)
        if len(changed) == _CHUNK:
            tasks.bulk_update(changed, ["live_key"])
            changed.clear()
    tasks.bulk_update(changed, ["live_key"])


class Migration(migrations.Migration):
    dependencies = [("applications", "0025_result_not_handed_over")]

    operations = [migrations.RunPython(with_index_key, migrations.RunPython.noop)]
