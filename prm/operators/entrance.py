"""The pages of the operators' way in and out: allauth's, as at a portal."""

from allauth.account.views import LoginView
from allauth.mfa.base import views as mfa
from django.views.decorators.http import require_POST

from prm.users.access import public_page
from prm.users.guesses import says_when
from prm.users.urls import leave

sign_in = public_page("the operators' way in")(says_when(LoginView.as_view(template_name="account/operator.html")))
code = public_page("the second step of the operators' way in")(says_when(mfa.authenticate))
sign_out = public_page("the operators' way out")(require_POST(leave))
