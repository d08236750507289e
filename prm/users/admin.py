"""What operators see of people."""

from django.contrib import admin

from prm.operators.looking import LookingAdmin
from prm.users.models import Group, Membership


@admin.register(Membership)
class MembershipAdmin(LookingAdmin):
    list_display = ("name", "email", "organization", "status", "created_at")
    list_filter = ("status",)
    list_select_related = ("user", "organization")
    search_fields = ("name", "user__email")


@admin.register(Group)
class GroupAdmin(LookingAdmin):
    is_personal = False
    list_display = ("name", "kind", "permissions")
    list_filter = ("kind",)
