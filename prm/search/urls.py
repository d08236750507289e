from django.urls import path

from prm.search import views

urlpatterns = [path("search/", views.search, name="search")]
