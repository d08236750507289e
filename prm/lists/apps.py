from django.apps import AppConfig


class ListsConfig(AppConfig):
    name = "prm.lists"
    verbose_name = "Lists and saved views"
