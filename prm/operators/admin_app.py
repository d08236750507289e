"""Django's admin as the operators' one: its site is ours, so each app's admin.py registers there."""

from django.contrib.admin.apps import AdminConfig


class OperatorsAdminConfig(AdminConfig):
    default_site = "prm.operators.site.OperatorsSite"
    default = False
