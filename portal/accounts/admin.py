"""People in the administrators' console. What a person may do as staff stands in the postings of the directory."""

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminUserCreationForm
from django.contrib.auth.models import Group

from portal.accounts.masking import masked
from portal.accounts.models import User
from portal.accounts.sign_in import GuardedAdminForm

admin.site.site_header = admin.site.site_title = "后台管理"
admin.site.login_form = GuardedAdminForm
admin.site.index_title = "人员、机构、方案和办件"
admin.site.unregister(Group)  # rights follow from postings; groups would be a second, unread place for them


class NewUserForm(AdminUserCreationForm):
    class Meta:
        model = User
        fields = ("username", "legal_name")


@admin.register(User)
class PersonAdmin(UserAdmin):
    add_form = NewUserForm
    list_display = ("username", "legal_name", "masked_id_no", "masked_phone", "is_active", "is_staff", "last_login")
    list_filter = ("is_staff", "is_superuser", "is_active")
    search_fields = ("username", "legal_name")
    ordering = ("username",)
    filter_horizontal = ()
    readonly_fields = ("last_login", "date_joined", "masked_id_no")
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        ("本人", {"fields": ("legal_name", "masked_id_no", "is_identity_claimed", "phone", "email", "contact_by")}),
        ("权限", {"fields": ("is_active", "is_staff", "is_superuser")}),
        ("时间", {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = ((None, {"fields": ("username", "legal_name", "usable_password", "password1", "password2")}),)

    @admin.display(description="公民身份号码")
    def masked_id_no(self, user: User) -> str:
        return masked(user.id_no)

    @admin.display(description="联系电话")
    def masked_phone(self, user: User) -> str:
        return masked(user.phone)
