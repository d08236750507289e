"""Wiring. Everything that differs between places comes from the environment (prm/environment.py)."""

from datetime import timedelta
from pathlib import Path

from celery.schedules import crontab

from prm import environment as env

BASE_DIR = Path(__file__).resolve().parent.parent

# --- Where we are ---------------------------------------------------------------------------------
PRM_ENVIRONMENT = env.text("PRM_ENVIRONMENT", "production")
IS_PRODUCTION = PRM_ENVIRONMENT not in {"development", "test"}
IS_DEVELOPMENT = PRM_ENVIRONMENT == "development"
DEBUG = IS_DEVELOPMENT and env.text("PRM_DEBUG", "") == "1"  # else one sees the pages that users see, errors too
SECRET_KEY = env.text("PRM_SECRET_KEY", None if IS_PRODUCTION else "only-for-development-and-tests")
SECRET_KEY_FALLBACKS = env.listed("PRM_SECRET_KEY_FALLBACKS")  # still good for what they have signed
PRM_ENCRYPTION_KEYS = env.keys("PRM_ENCRYPTION_KEYS", [SECRET_KEY], is_required=IS_PRODUCTION)
PRM_SCHEME = env.text("PRM_SCHEME", "https" if IS_PRODUCTION else "http")
PRM_BASE_DOMAIN = env.text("PRM_BASE_DOMAIN", None if IS_PRODUCTION else "localhost:8000")
PRM_DEFAULT_PORTAL = env.text("PRM_DEFAULT_PORTAL", "")
_host = PRM_BASE_DOMAIN.partition(":")[0]
PRM_OPERATORS_HOST = env.text("PRM_OPERATORS_HOST", "" if IS_PRODUCTION or PRM_DEFAULT_PORTAL else _host)
ALLOWED_HOSTS = [_host, f".{_host}", "127.0.0.1", "[::1]", *filter(None, [PRM_OPERATORS_HOST])]
OUTBOUND_SCHEMES = {"https"} if IS_PRODUCTION else {"https", "http"}
OUTBOUND_TO_LOOPBACK = PRM_ENVIRONMENT == "test"  # where the other side is a server of the tests
ROOT_URLCONF = "prm.urls"
OPERATORS_URLCONF = "prm.operators.urls"  # of /admin on PRM_OPERATORS_HOST, and nowhere else (docs/adr/0014)
WSGI_APPLICATION = "prm.wsgi.application"

# --- Parts ----------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "prm.organizations",
    "prm.users",
    "prm.events",
    "prm.lists",
    "prm.files",
    "prm.runs",
    "prm.operators",
    "prm.sso",
    "leads",
    "deals",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.forms",
    "prm.operators.admin_app.OperatorsAdminConfig",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "rest_framework",
    "drf_spectacular",
    "django_htmx",
    "heroicons",
]
MIDDLEWARE = [
    "prm.serving.headers.HeadersMiddleware",
    "django.middleware.gzip.GZipMiddleware",  # a few random bytes in each answer hide its secrets' lengths (BREACH)
    "prm.serving.health.HealthMiddleware",
    "prm.serving.metrics.MetricsMiddleware",
    "prm.serving.logs.RequestLogMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "prm.serving.protocol.ProtocolMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "prm.serving.language.LanguageMiddleware",
    "prm.organizations.middleware.PortalMiddleware",
    "prm.serving.headers.PlainInputMiddleware",
    "prm.api.credentials.CredentialMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "prm.serving.headers.SlashMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "prm.users.middleware.MembershipMiddleware",
    "prm.operators.middleware.OperatorMiddleware",
    "prm.sso.middleware.SingleSignOnMiddleware",
    "prm.users.middleware.SecondFactorMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "prm.users.seeing.ViewingMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.messages.context_processors.messages",
                "prm.serving.context.page_context",
            ],
        },
    },
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
# The admin wants a context processor of its own; its pages here ask for neither `user` nor `perms`.
SILENCED_SYSTEM_CHECKS = ["admin.E402"]

# --- Database: prm_app serves, prm_owner migrates (docs/adr/0002) ---------------------------------
DATABASES = {
    "default": {
        **env.database(env.text("DATABASE_URL", None if IS_PRODUCTION else "postgresql://prm_app@/prm")),
        "ATOMIC_REQUESTS": True,
        "TEST": {"MIRROR": "owner"},
    }
}
if _owner := env.text("DATABASE_OWNER_URL", "" if IS_PRODUCTION else "postgresql://prm_owner@/prm"):
    DATABASES["owner"] = env.database(_owner)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Broker and cache: nothing lives only there ---------------------------------------------------
REDIS_URL = env.text("REDIS_URL", None if IS_PRODUCTION else "redis://127.0.0.1:6379/0")
_redis = {
    "LOCATION": env.cache(REDIS_URL),
    "KEY_PREFIX": "prm",
    "OPTIONS": {"socket_connect_timeout": 0.3, "socket_timeout": 0.3},
}
CACHES = {
    "default": {"BACKEND": "prm.serving.cache.ForgivingCache", **_redis},
    "shared": {"BACKEND": "django.core.cache.backends.redis.RedisCache", **_redis},  # fails when Redis does
}
CELERY_BROKER_URL = env.broker(REDIS_URL)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CHANNEL_ERROR_RETRY = True  # a worker outlives a broker that is full
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "max_retries": 0,  # of one ring; without it a page waits 6 s for a broker that is away
    "visibility_timeout": 1800,
    "socket_timeout": 5,
    "socket_connect_timeout": 2,
    "health_check_interval": 30,
}
CELERY_TASK_PUBLISH_RETRY = False  # a lost bell is picked up by the sweeper; a page never waits for it
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SOFT_TIME_LIMIT = 120
CELERY_TASK_TIME_LIMIT = 150
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_WORKER_CONSUMER = "prm.events.consumer:Consumer"
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_PROC_ALIVE_TIMEOUT = 60  # seconds; with 4, a busy machine's new processes are killed over and over
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE = {
    "sweep": {"task": "prm.events.tasks.sweep", "schedule": timedelta(seconds=10)},
    "forget": {"task": "prm.events.tasks.forget", "schedule": crontab(hour=3, minute=17)},
    "forget_sign_ins": {"task": "prm.users.tasks.forget", "schedule": timedelta(hours=1)},
    "forget_exports": {"task": "prm.runs.tasks.forget", "schedule": timedelta(hours=1)},
    "heartbeat": {"task": "prm.events.tasks.heartbeat", "schedule": timedelta(seconds=10)},
}

# --- People: sign-in by allauth, one session per portal --------------------------------------------
AUTH_USER_MODEL = "users.User"
AUTHENTICATION_BACKENDS = ["prm.users.sign_in.PortalBackend", "prm.operators.sign_in.OperatorBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
if PRM_ENVIRONMENT == "test":  # the cast signs in thousands of times
    PASSWORD_HASHERS.insert(0, "django.contrib.auth.hashers.MD5PasswordHasher")
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "prm.users.passwords.LengthValidator"},
    {"NAME": "prm.users.passwords.GuessableValidator"},
    {"NAME": "prm.users.passwords.NamesValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "prm.operators.sign_in.Adapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_RATE_LIMITS = False  # ours are counted in Postgres (prm/users/guesses.py): the cache may be away
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "prm.users.resets.ResetTokens"
ACCOUNT_FORMS = {
    "change_password": "prm.users.account_forms.PasswordChangeForm",
    "reset_password": "prm.users.account_forms.ResetForm",
}
MFA_ADAPTER = "prm.users.second_factor.SecondFactorAdapter"
MFA_FORMS = {
    "authenticate": "prm.users.second_factor.CodeForm",
    "reauthenticate": "prm.users.second_factor.CodeAgainForm",
    "activate_totp": "prm.users.second_factor.SetUpForm",
}
MFA_TOTP_TOLERANCE = 1  # steps of 30 seconds: clocks of telephones are not exact
MFA_RECOVERY_CODES_SHOW_ONCE = True
PASSWORD_RESET_TIMEOUT = 60 * 60
SECOND_FACTOR_BY_DEFAULT = IS_PRODUCTION  # of vendor admins, until Settings > Security says otherwise
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_ALLOW_UNVERIFIED_EMAIL = True  # invitations prove addresses; allauth's own table of them stays empty
INVITATION_DAYS = 14
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PRM_SCHEME == "https"
SESSION_COOKIE_NAME = "__Host-session" if SESSION_COOKIE_SECURE else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if SESSION_COOKIE_SECURE else "csrftoken"
MESSAGE_COOKIE_NAME = "__Host-messages" if SESSION_COOKIE_SECURE else "messages"
MESSAGE_STORAGE = "prm.serving.toasts.ToastStorage"
THEME_COOKIE_NAME = "__Host-theme" if SESSION_COOKIE_SECURE else "theme"  # set by static/js/app.js
SESSION_ENGINE = "prm.users.sessions"
SESSION_EXPIRE_AT_BROWSER_CLOSE = True  # when the server ends it, Settings > Security says
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "prm.serving.pages.csrf_failure"

# --- Browser side -----------------------------------------------------------------------------------
SECURE_SSL_REDIRECT = PRM_SCHEME == "https"
SECURE_REDIRECT_EXEMPT = [r"^api/"]  # refused instead (prm/serving/protocol.py)
PRM_PROXIES = int(env.text("PRM_PROXIES", "0"))  # how many reverse proxies stand in front and may be believed
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if PRM_PROXIES else None
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if PRM_SCHEME == "https" else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024  # bytes of a body, apart from the files in it
PRM_LARGEST_UPLOAD = 10 * 1024 * 1024  # bytes of a form with a picture
PRM_LARGEST_FILE = 20 * 1024 * 1024  # bytes of a file on a lead
PRM_FILES_AT_ONCE = 100 * 1024 * 1024  # bytes of a form that brings several
PRM_FILES_PER_LEAD = 50  # from each side
PRM_PORTAL_STORAGE = int(env.text("PRM_STORAGE_GB", "") or 5) * 1024**3  # bytes of all files of a portal
PRM_SECURITY_CONTACT = env.text("PRM_SECURITY_CONTACT", "" if IS_PRODUCTION else f"security@{_host}")

# --- Words, time, files -----------------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [  # those whose words are there (docs/words.md), each by its own name
    ("en", "English"),
    ("de", "Deutsch"),
    ("fr", "Français"),
    ("es", "Español"),
    ("ar", "العربية"),
]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = "prm.formats"
USE_THOUSAND_SEPARATOR = True
USE_TZ = True
TIME_ZONE = "UTC"
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / ".data" / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = not IS_PRODUCTION
WHITENOISE_ALLOW_ALL_ORIGINS = False  # ours are for our own pages
PRM_FILES_DIR = env.text("PRM_FILES_DIR", str(BASE_DIR / ".data" / "files"))
FILE_UPLOAD_HANDLERS = ["prm.files.uploads.BoundedUploadHandler"]
STORAGES = {
    "default": {
        "BACKEND": "prm.files.store.WholeFiles",
        "OPTIONS": {
            "location": PRM_FILES_DIR,
            "file_permissions_mode": 0o600,
            "directory_permissions_mode": 0o700,
        },
    },
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if IS_PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}

# --- Mail -------------------------------------------------------------------------------------------
DEFAULT_FROM_EMAIL = env.text("PRM_FROM_EMAIL", f"portal@{_host}")
PRM_MAIL_DIR = env.text("PRM_MAIL_DIR", "" if IS_PRODUCTION else str(BASE_DIR / ".data" / "mail"))
if PRM_MAIL_DIR and not IS_PRODUCTION:
    EMAIL_BACKEND = "prm.events.mail_files.EmailBackend"
    EMAIL_FILE_PATH = PRM_MAIL_DIR
_server = env.mail_server(env.text("EMAIL_URL", "smtp://localhost:25"))
EMAIL_HOST, EMAIL_PORT = _server.host, _server.port
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _server.user, _server.password
EMAIL_USE_TLS, EMAIL_USE_SSL = _server.starttls, _server.tls
EMAIL_TIMEOUT = 8  # seconds of silence; a mail has to be through within a lease (prm/events/delivery.py)

# --- API --------------------------------------------------------------------------------------------
API_CEILING = 1200  # requests in a minute by one key, or by one person's sessions
_ceiling = 10**6 if PRM_ENVIRONMENT == "test" else API_CEILING  # tests ask whatever they can
PRM_API_PER_MINUTE = int(env.text("PRM_API_PER_MINUTE", "") or _ceiling)
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "prm.api.authentication.KeyAuthentication",
        "prm.api.authentication.PortalSession",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["prm.api.authentication.IsMember"],
    "DEFAULT_THROTTLE_CLASSES": ["prm.api.ceiling.Ceiling"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "prm.api.schema.PortalSchema",
    "EXCEPTION_HANDLER": "prm.api.problems.handle",
    "URL_FORMAT_OVERRIDE": None,
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Partner portal API",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "COMPONENT_SPLIT_REQUEST": True,
}

# --- Figures for whoever runs it: /metrics ---------------------------------------------------------
PRM_METRICS_TOKEN = env.text("PRM_METRICS_TOKEN", "")  # without one there is no such page

# --- Logs: one JSON line each, with request id and portal ------------------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "prm.serving.logs.JsonFormatter"}},
    "filters": {"deliberate": {"()": "prm.serving.logs.NotDeliberate"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        "django.server": {"handlers": [], "propagate": False},
        "django.request": {"level": "ERROR", "filters": ["deliberate"]},
        "celery.app.trace": {"level": "WARNING"},
        "celery.worker.strategy": {"level": "WARNING"},
    },
}
