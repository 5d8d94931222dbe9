"""People: users, the specialties, doctors with their credentials, and patients. Knows nothing of questions."""

import datetime

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.addresses import address
from accounts.constraints import is_one_of


class Sex(models.TextChoices):
    FEMALE = "female", _("Female")
    MALE = "male", _("Male")
    OTHER = "other", _("Other")
    UNSTATED = "unstated", _("Not stated")


class UserManager(BaseUserManager):
    """Makes users by e-mail address; there are no usernames."""

    def create_user(self, email, password=None, **fields):
        user = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save()
        return user

    def create_superuser(self, email, password=None, **fields):
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, email):
        return self.get(email__iexact=email)


class User(AbstractBaseUser, PermissionsMixin):
    """Somebody who can sign in. The e-mail address is the log-in; roles are groups."""

    email = models.EmailField(_("e-mail address"), unique=True)
    name = models.CharField(_("name"), max_length=150, blank=True)
    is_active = models.BooleanField(_("may sign in"), default=True)
    is_staff = models.BooleanField(_("may enter the admin"), default=False)
    date_joined = models.DateTimeField(_("joined"), default=timezone.now)

    objects = UserManager()

    EMAIL_FIELD = USERNAME_FIELD = "email"

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                name="user_email_unique",
                violation_error_message=_("A user with this e-mail address exists already."),
            )
        ]

    def __str__(self):
        """For the admin only: the public is never shown an e-mail address."""
        return self.name or self.email

    def get_full_name(self):
        return str(self)

    def get_short_name(self):
        return str(self)

    def natural_key(self):
        return (self.email,)

    @property
    def works_here(self):
        """Whether the user signs in as staff do, and an administrator changes how and ends the account."""
        return self.is_staff or self.is_superuser or hasattr(self, "doctor") or self.groups.exists()


class NaturalSlugManager(models.Manager):
    """For models whose slug identifies them in fixtures."""

    def get_by_natural_key(self, slug):
        return self.get(slug=slug)


class Specialty(models.Model):
    """A field of medicine, which may cut across others (Rare Disease)."""

    name = models.CharField(_("name"), max_length=100, unique=True)
    slug = models.SlugField(_("slug"), max_length=100, unique=True)
    description = models.CharField(_("description"), max_length=300, blank=True)
    position = models.PositiveSmallIntegerField(_("position"), default=100)

    objects = NaturalSlugManager()

    class Meta:
        verbose_name = _("specialty")
        verbose_name_plural = _("specialties")
        ordering = ["position", "name"]

    def __str__(self):
        return self.name

    def get_absolute_url(self):
        return address("specialty_detail", self.slug)

    def natural_key(self):
        return (self.slug,)


class DoctorQuerySet(models.QuerySet):
    """The words for "which doctors"."""

    def public(self):
        """Whom anyone may see: doctors once verified, and those known from the archive."""
        return self.filter(Q(verified_at__isnull=False) | Q(withdrawn_at__isnull=False) | Q(is_from_archive=True))

    def licensed(self):
        """Doctors who are verified, and whose licence is in force today."""
        return self.filter(verified_at__isnull=False, licence_expires_on__gte=timezone.localdate())

    def publishing(self):
        """Whose replies may be published today; see `Doctor.may_publish`."""
        return self.licensed().filter(user__is_active=True)

    def expiring(self, days):
        """Of the licensed, those whose licence ends within so many days."""
        return self.licensed().filter(licence_expires_on__lte=timezone.localdate() + datetime.timedelta(days=days))

    def known_as(self, name):
        """Doctors of this name or alias, whatever its case."""
        return self.filter(Q(name__iexact=name) | Q(aliases__name__iexact=name)).distinct()


class Doctor(models.Model):
    """A clinician who replies. One known from the archive only has no user and no verified mark."""

    LICENCE_FIELDS = ["licence_number", "licence_issuer", "licence_expires_on", "evidence_note"]
    VERIFICATION_FIELDS = ["verified_at", "verified_by", "withdrawn_at", "withdrawn_by", "withdrawal_reason"]

    name = models.CharField(_("display name"), max_length=150)
    slug = models.SlugField(_("slug"), max_length=150, unique=True)
    user = models.OneToOneField(
        User, verbose_name=_("user"), null=True, blank=True, on_delete=models.SET_NULL, related_name="doctor"
    )
    specialties = models.ManyToManyField(Specialty, verbose_name=_("specialties"), blank=True, related_name="doctors")
    is_from_archive = models.BooleanField(_("known from the archive"), default=False)
    licence_number = models.CharField(_("licence number"), max_length=50, blank=True)
    licence_issuer = models.CharField(_("licence issued by"), max_length=150, blank=True)
    licence_expires_on = models.DateField(_("licence expires on"), null=True, blank=True)
    verified_at = models.DateTimeField(_("verified at"), null=True, blank=True)
    verified_by = models.ForeignKey(
        User,
        verbose_name=_("verified by"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    evidence_note = models.TextField(
        _("what was seen"),
        blank=True,
        help_text=_("What proves the licence and where you saw it, such as the register of the issuer. Staff only."),
    )
    withdrawn_at = models.DateTimeField(_("verification withdrawn at"), null=True, blank=True, editable=False)
    withdrawn_by = models.ForeignKey(
        User,
        verbose_name=_("verification withdrawn by"),
        null=True,
        blank=True,
        editable=False,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    withdrawal_reason = models.TextField(_("why it was withdrawn"), blank=True, editable=False)
    expiry_told_for = models.DateField(
        _("expiry date that the doctor was told of"), null=True, blank=True, editable=False
    )

    objects = NaturalSlugManager.from_queryset(DoctorQuerySet)()

    class Meta:
        verbose_name = _("doctor")
        verbose_name_plural = _("doctors")
        ordering = ["name", "pk"]
        indexes = [models.Index(fields=["name", "id"], name="doctor_by_name")]
        constraints = [
            models.CheckConstraint(
                condition=Q(verified_at__isnull=True)
                | (~Q(licence_number="") & ~Q(licence_issuer="") & Q(licence_expires_on__isnull=False)),
                name="doctor_verified_has_licence",
                violation_error_message=_("A verified doctor needs a licence number, its issuer and its expiry date."),
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at__isnull=True, withdrawal_reason="")
                | Q(withdrawn_at__isnull=False, verified_at__isnull=True) & ~Q(withdrawal_reason=""),
                name="doctor_withdrawn_is_not_verified",
                violation_error_message=_("A withdrawn verification needs a reason, and is none until the next one."),
            ),
        ]

    def __str__(self):
        return f"Dr. {self.name}"

    def get_absolute_url(self):
        return address("doctor_detail", self.slug)

    def natural_key(self):
        return (self.slug,)

    @property
    def is_verified(self):
        """Whether the public sees the verified mark; an expired licence takes it away the same day."""
        return self.verified_at is not None and self.licence_expires_on >= timezone.localdate()

    def may_publish(self):
        """Whether the doctor's replies may be published today."""
        return self.is_verified and self.user is not None and self.user.is_active

    def verify(self, by):
        """Say that the licence, as its fields are now, was seen by `by`, for the first time or anew. Saves them."""
        self.verified_at, self.verified_by = timezone.now(), by
        self.withdrawn_at, self.withdrawn_by, self.withdrawal_reason = None, None, ""
        self.save(update_fields=[*self.LICENCE_FIELDS, *self.VERIFICATION_FIELDS])

    def withdraw_verification(self, by, reason):
        """Take the verified mark away until somebody verifies anew; replies stay. Whether there was one to take."""
        changes = {"verified_at": None, "verified_by": None, "withdrawn_by": by}
        changes |= {"withdrawn_at": timezone.now(), "withdrawal_reason": reason}
        found = Doctor.objects.filter(pk=self.pk, verified_at__isnull=False).update(**changes)
        self.refresh_from_db(fields=self.VERIFICATION_FIELDS)
        return bool(found)

    def credential_on(self, day):
        """The credential held on `day`, or None where none is known."""
        held = [c for c in self.credentials.all() if c.is_held_on(day)]
        return max(held, key=lambda c: c.since, default=None)


class DoctorAlias(models.Model):
    """Another spelling of a doctor's name, found in documents."""

    doctor = models.ForeignKey(Doctor, on_delete=models.CASCADE, related_name="aliases")
    name = models.CharField(_("name"), max_length=150, unique=True)

    class AliasManager(models.Manager):
        def get_by_natural_key(self, name):
            return self.get(name=name)

    objects = AliasManager()

    class Meta:
        verbose_name = _("alias")
        verbose_name_plural = _("aliases")
        ordering = ["name"]

    def __str__(self):
        return self.name

    def natural_key(self):
        return (self.name,)


class Credential(models.Model):
    """What a doctor is and where, from one day to another."""

    doctor = models.ForeignKey(Doctor, on_delete=models.CASCADE, related_name="credentials")
    title = models.CharField(_("title"), max_length=150)
    affiliation = models.CharField(_("affiliation"), max_length=200, blank=True)
    since = models.DateField(_("since"))
    until = models.DateField(_("until"), null=True, blank=True)

    class CredentialManager(models.Manager):
        def get_by_natural_key(self, slug, title, since):
            return self.get(doctor__slug=slug, title=title, since=since)

    objects = CredentialManager()

    class Meta:
        verbose_name = _("credential")
        verbose_name_plural = _("credentials")
        ordering = ["-since"]
        constraints = [
            models.UniqueConstraint(fields=["doctor", "title", "since"], name="credential_unique"),
            models.CheckConstraint(
                condition=Q(until__isnull=True) | Q(until__gte=F("since")), name="credential_ends_after_start"
            ),
        ]

    def __str__(self):
        return ", ".join(filter(None, [self.title, self.affiliation]))

    def natural_key(self):
        return (self.doctor.slug, self.title, self.since)

    natural_key.dependencies = ["accounts.doctor"]

    def is_held_on(self, day):
        return self.since <= day and (self.until is None or day <= self.until)


class Patient(models.Model):
    """The pseudonym and background a signed-in patient keeps between questions."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="patient")
    pseudonym = models.CharField(_("pseudonym"), max_length=50)
    birth_year = models.PositiveSmallIntegerField(_("year of birth"), null=True, blank=True)
    sex = models.CharField(_("sex"), max_length=10, choices=Sex, default=Sex.UNSTATED)

    class PatientManager(models.Manager):
        def get_by_natural_key(self, email):
            return self.get(user__email__iexact=email)

    objects = PatientManager()

    class Meta:
        verbose_name = _("patient")
        verbose_name_plural = _("patients")
        constraints = [
            models.CheckConstraint(condition=is_one_of("sex", Sex), name="patient_sex_known"),
            models.CheckConstraint(
                condition=Q(birth_year__isnull=True) | Q(birth_year__gte=1880, birth_year__lte=2200),
                name="patient_birth_year_plausible",
            ),
        ]

    def __str__(self):
        return self.pseudonym

    def natural_key(self):
        return self.user.natural_key()

    natural_key.dependencies = ["accounts.user"]
