from django.urls import path

from portal.window import accounts, asking, handing, views

app_name = "window"

urlpatterns = [
    path("", views.index, name="index"),
    path("account/", accounts.account, name="account"),
    path("start/", views.start, name="start"),
    path("adopt/<uuid:draft_id>/", views.adopt, name="adopt"),
    path("sheet/<uuid:draft_id>/", views.sheet, name="sheet"),
    path("sheet/<uuid:draft_id>/autosave/", views.autosave, name="autosave"),
    path("file/<uuid:material_id>/", views.material_file, name="material_file"),
    path("pre-reviews/", handing.pre_review_list, name="pre_review_list"),
    path("pre-reviews/<str:number>/", handing.pre_review, name="pre_review"),
    path("visits/", handing.visit_list, name="visit_list"),
    path("questions/", asking.question_list, name="question_list"),
    path("questions/new/", asking.tell, name="question_new"),
    path("questions/<str:number>/", asking.question, name="question"),
    path("cases/", views.case_list, name="case_list"),
    path("cases/<str:number>/", views.case, name="case"),
    path("cases/<str:number>/visit/<int:task_id>/", handing.visit, name="visit"),
    path("cases/<str:number>/hand-over/<int:task_id>/", handing.hand_over, name="hand_over"),
    path("cases/<str:number>/question/", asking.ask, name="ask"),
    path("cases/<str:number>/rate/", handing.rate, name="rate"),
    path("cases/<str:number>/submitted/", views.submitted, name="submitted"),
    path("cases/<str:number>/correction/", views.correction, name="correction"),
    path("cases/<str:number>/supply/", views.supply, name="supply"),
    path("cases/<str:number>/amend/", views.amend, name="amend"),
    path("cases/<str:number>/withdraw/", views.withdraw, name="withdraw"),
]
