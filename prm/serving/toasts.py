"""Django's messages, on the way to the next page in a cookie that is bound to its host by its name."""

from django.conf import settings
from django.contrib.messages.storage.cookie import CookieStorage
from django.contrib.messages.storage.fallback import FallbackStorage
from django.contrib.messages.storage.session import SessionStorage


class HostCookieStorage(CookieStorage):
    cookie_name = settings.MESSAGE_COOKIE_NAME


class ToastStorage(FallbackStorage):
    """In the session when they are too long for a cookie."""

    storage_classes = (HostCookieStorage, SessionStorage)
