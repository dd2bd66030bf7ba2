from django.urls import path

from portal.applicant import after, cases, filling, messages, my_data

app_name = "applicant"

urlpatterns = [
    path("apply/", filling.start, name="start"),
    path("apply/file/<uuid:material_id>/", filling.material_file, name="material_file"),
    path("apply/<uuid:draft_id>/items/", filling.items, name="items"),
    path("apply/<uuid:draft_id>/form/<slug:code>/", filling.section, name="section"),
    path("apply/<uuid:draft_id>/autosave/", filling.autosave, name="autosave"),
    path("apply/<uuid:draft_id>/materials/", filling.materials, name="materials"),
    path("apply/<uuid:draft_id>/materials/<uuid:material_id>/remove/", filling.remove_material, name="remove_material"),
    path("apply/<uuid:draft_id>/materials/<uuid:material_id>/turn/", filling.turn_material, name="turn_material"),
    path("apply/<uuid:draft_id>/check/", filling.check, name="check"),
    path("apply/<uuid:draft_id>/submit/", filling.submit, name="submit"),
    path("messages/", messages.inbox, name="messages"),
    path("messages/contact/", messages.contact, name="contact"),
    path("messages/confirm/<str:token>/", messages.confirm_email, name="confirm_email"),
    path("my-data/", my_data.my_data, name="my_data"),
    path("my-data/download/", my_data.my_data_file, name="my_data_file"),
    path("cases/", cases.case_list, name="case_list"),
    path("cases/<str:number>/", cases.case, name="case"),
    path("cases/<str:number>/submitted/", cases.submitted, name="submitted"),
    path("cases/<str:number>/add/", after.add_items, name="add_items"),
    path("cases/<str:number>/supply/", after.supply, name="supply"),
    path("cases/<str:number>/amend/", cases.amend, name="amend"),
    path("cases/<str:number>/question/", after.question, name="question"),
    path("cases/<str:number>/rate/", after.rate, name="rate"),
    path("cases/<str:number>/rate/<int:task_id>/", after.rate, name="rate_item"),
    path("cases/<str:number>/visit/<int:task_id>/", after.visit, name="visit"),
    path("cases/<str:number>/withdraw/", cases.withdraw, name="withdraw"),
    path("cases/<str:number>/correction/", cases.correction, name="correction"),
]
