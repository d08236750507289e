from django.apps import AppConfig


class OperatorsConfig(AppConfig):
    name = "prm.operators"
    verbose_name = "What operators do"
