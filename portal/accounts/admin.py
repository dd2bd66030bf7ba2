"""People in the administrators' console. What a person may do as staff stands in the postings of the directory."""

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminPasswordChangeForm, AdminUserCreationForm
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest

from portal.accounts import second_factor
from portal.accounts.masking import masked
from portal.accounts.models import User
from portal.accounts.sign_in import GuardedAdminForm

admin.site.site_header = admin.site.site_title = "后台管理"
admin.site.login_form = GuardedAdminForm
admin.site.index_title = "人员、机构、方案和办件"
admin.site.unregister(Group)  # rights follow from postings; groups would be a second, unread place for them


class NewUserForm(AdminUserCreationForm):
    """The administrator knows the first password, so it opens nothing but the page for an own one."""

    class Meta:
        model = User
        fields = ("username", "legal_name")

    def save(self, commit: bool = True) -> User:
        self.instance.must_change_password = True
        made: User = super().save(commit)
        return made


class GivenPasswordForm(AdminPasswordChangeForm):
    """A password that an administrator gives: known to two, so the person sets another one first."""

    def save(self, commit: bool = True) -> User:
        self.user.must_change_password, self.user.password_given_at = True, None
        given: User = super().save(commit)
        return given


@admin.register(User)
class PersonAdmin(UserAdmin):
    add_form = NewUserForm
    change_password_form = GivenPasswordForm
    list_display = ("username", "legal_name", "masked_id_no", "masked_phone", "is_active", "is_staff", "last_login")
    actions = ("reset_second_factor",)
    list_filter = ("is_staff", "is_superuser", "is_active")
    search_fields = ("username", "legal_name")
    ordering = ("username",)
    filter_horizontal = ()
    readonly_fields = (
        "last_login",
        "date_joined",
        "masked_id_no",
        "masked_phone",
        "password_set_at",
        "password_given_at",
    )
    fieldsets = (
        (None, {"fields": ("username", "password", "must_change_password", "password_set_at", "password_given_at")}),
        (
            "本人",
            {"fields": ("legal_name", "masked_id_no", "is_identity_claimed", "masked_phone", "email", "contact_by")},
        ),
        ("权限", {"fields": ("is_active", "is_staff", "is_superuser")}),
        ("时间", {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = ((None, {"fields": ("username", "legal_name", "usable_password", "password1", "password2")}),)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """What a person did stays theirs: who leaves is closed, not deleted."""
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        """Nobody gives rights to themselves."""
        own = ("is_active", "is_staff", "is_superuser") if obj is not None and obj.pk == request.user.pk else ()
        return (*self.readonly_fields, *own)

    @admin.display(description="公民身份号码")
    def masked_id_no(self, user: User) -> str:
        return masked(user.id_no)

    @admin.action(description="重置动态口令（手机丢了）", permissions=["change"])
    def reset_second_factor(self, request: HttpRequest, users: QuerySet[User]) -> None:
        """Of oneself nobody can: another administrator must have seen that the phone is lost."""
        for user in users.exclude(pk=request.user.pk or 0):
            second_factor.reset(user)
            self.log_change(request, user, "重置动态口令")
        self.message_user(request, "已重置；下次登录时重新设置。自己的要请另一位管理员重置")

    @admin.display(description="联系电话")
    def masked_phone(self, user: User) -> str:
        return masked(user.phone)
