"""What people fill in at the door, and support when it makes districts, schools and Admins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.account.forms import LoginForm
from allauth.account.internal.flows.login import perform_login, record_authentication
from django import forms
from django.contrib.auth import password_validation

from accounts.models import MailWish, School

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse

    from accounts.models import User


class SignInForm(LoginForm):  # type: ignore[misc]  # allauth has no types
    """E-mail or username, and password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        self.fields["login"].label = "Email or username"
        self.fields["login"].max_length = 320
        self.fields["login"].error_messages["required"] = "Enter your email or username."
        self.fields["password"].error_messages["required"] = "Enter your password."
        handle = {"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false", "required": True}
        self.fields["login"].widget.attrs = handle
        self.fields["password"].help_text = ""
        self.fields["password"].widget.attrs = {"autocomplete": "current-password", "required": True}

    def login(self, request: HttpRequest, redirect_url: str | None = None) -> HttpResponse:
        """Go on to the session; unlike allauth's own, it keeps no handle in it."""
        record_authentication(request, self._login.user, method="password")
        self._login.redirect_url = redirect_url
        request.session.set_expiry(0)
        response: HttpResponse = perform_login(request, self._login)
        return response


class DistrictChoiceForm(forms.Form):
    """Which of their districts somebody means, after the password was right for each."""

    account = forms.TypedChoiceField(
        coerce=int,
        widget=forms.RadioSelect,
        label="Choose where to sign in",
        error_messages={"required": "Choose one of them."},
    )

    def __init__(self, people: list[tuple[User, str]], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["account"].choices = [(user.pk, name) for user, name in people]  # type: ignore[attr-defined]


class NewPasswordForm(forms.Form):
    """A password of one's own, in place of one that somebody else set."""

    new = forms.CharField(
        label="New password",
        error_messages={"required": "Choose a new password."},
        strip=False,
        max_length=256,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="At least 8 characters. Longer is better. Spaces are fine.",
    )
    again = forms.CharField(
        label="New password again",
        error_messages={"required": "Type the new password once more."},
        strip=False,
        max_length=256,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self.label_suffix = ""

    def clean_new(self) -> str:
        """Refuse what is short, common, like the name, or what they have now."""
        new: str = self.cleaned_data["new"]
        if self.user.check_password(new):
            raise forms.ValidationError("That is the password you have now. Choose another one.")
        try:
            password_validation.validate_password(new, self.user)
        except forms.ValidationError as refused:
            raise forms.ValidationError([*dict.fromkeys(map(_plainly, refused.error_list))]) from None
        return new

    def clean(self) -> dict[str, Any]:
        """Both must be the same."""
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("new") and cleaned.get("again") and cleaned["new"] != cleaned["again"]:
            self.add_error("again", "The two don't match. Type the same password twice.")
        return cleaned


class ChangePasswordForm(NewPasswordForm):
    """The same for somebody who has one of their own, and shows that they know it."""

    field_order = ("old", "new", "again")

    old = forms.CharField(
        label="Present password",
        error_messages={"required": "Enter the password you have now."},
        strip=False,
        max_length=256,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def clean_old(self) -> str:
        """Refuse whoever only found the session open."""
        old: str = self.cleaned_data["old"]
        if not self.user.check_password(old):
            raise forms.ValidationError("That is not your present password.")
        return old


#: Django's reasons, in words that a child can read.
TOO_EASY = "Too easy to guess. Try three unrelated words."
PLAINLY = {
    "password_too_short": "Use at least 8 characters.",
    "password_too_similar": "Too close to your name or email. Try three unrelated words.",
}


def _plainly(refused: forms.ValidationError) -> str:
    return PLAINLY.get(refused.code or "", TOO_EASY)


class DistrictForm(forms.Form):
    """A new district."""

    name = forms.CharField(label="District name", max_length=200)


class SeenForm(forms.Form):
    """How far somebody has read."""

    until = forms.DateTimeField()


class MailWishForm(forms.Form):
    """Which notices somebody wants by email."""

    mail = forms.ChoiceField(label="Email me", choices=MailWish.choices, widget=forms.RadioSelect)


class SchoolForm(forms.Form):
    """A new school of a district."""

    name = forms.CharField(label="School name", max_length=200)
    purchased = forms.BooleanField(label="This school has bought SmartPass", required=False)


class FirstAdminForm(forms.Form):
    """The first Admin of a school."""

    school = forms.ModelChoiceField(queryset=School.objects.none(), label="School")
    first_name = forms.CharField(label="First name", max_length=150)
    last_name = forms.CharField(label="Last name", max_length=150)
    email = forms.EmailField(label="Email", max_length=254)

    def __init__(self, schools: QuerySet[School], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["school"].queryset = schools  # type: ignore[attr-defined]


class NewTokenForm(forms.Form):
    """What a new key to the API is called."""

    name = forms.CharField(
        label="Name",
        max_length=80,
        error_messages={"required": "Give the key a name."},
        help_text="What will use it, for example: Nightly export to the data warehouse.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class NothingMore(forms.Form):
    """A question to which the button is the answer."""
