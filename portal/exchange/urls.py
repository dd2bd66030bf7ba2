from django.urls import path

from portal.exchange import views

app_name = "exchange"
urlpatterns = [
    path("openapi.json", views.openapi, name="openapi"),
    path("schemas/task-v1.json", views.task_schema, name="task_schema"),
    path("schemas/word-v1.json", views.word_schema, name="word_schema"),
    path("schemas/<slug:region>/<str:version>/<slug:item>/<slug:agency>.json", views.item_schema, name="item_schema"),
    path("v1/events", views.events, name="events"),
    path("v1/tasks", views.tasks, name="tasks"),
    path("v1/tasks/<str:dispatch>/ack", views.acknowledge, name="acknowledge"),
    path("v1/materials/<str:token>", views.material, name="material"),
    path("<path:rest>", views.unknown, name="unknown"),
]
