"""The agency's desk: the queue, one task, what is decided on it, and the case around it."""

from django.urls import path

from portal.desk import pre_reviews, questions, views

app_name = "desk"
urlpatterns = [
    path("", views.queue, name="queue"),
    path("done/", views.done, name="done"),
    path("batch/", views.batch, name="batch"),
    path("questions/", questions.question_list, name="question_list"),
    path("questions/<int:question_id>/", questions.question, name="question"),
    path("pre-reviews/", pre_reviews.pre_review_list, name="pre_review_list"),
    path("pre-reviews/<str:number>/", pre_reviews.pre_review, name="pre_review"),
    path("pre-reviews/<str:number>/files/<uuid:material>/", pre_reviews.pre_review_file, name="pre_review_file"),
    path("norms/", views.norms, name="norms"),
    path("cases/<str:number>/", views.case, name="case"),
    path("tasks/<str:number>/<str:item>/", views.task, name="task"),
    path("tasks/<str:number>/<str:item>/act/", views.act, name="act"),
    path("tasks/<str:number>/<str:item>/full/", views.reveal, name="reveal"),
    path("tasks/<str:number>/<str:item>/files/<uuid:material>/", views.material, name="material"),
    path("tasks/<str:number>/<str:item>/files/<uuid:material>/verdict/", views.verdict, name="verdict"),
]
