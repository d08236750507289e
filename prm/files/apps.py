from django.apps import AppConfig


class FilesConfig(AppConfig):
    name = "prm.files"
    verbose_name = "Stored files"
