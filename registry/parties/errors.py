"""What the parties room refuses."""

from django.utils.translation import gettext_noop

from registry.base.errors import UserError


class CreditCodeInvalid(UserError):
    """Not a credit code, or mistyped."""

    code = "CREDIT_CODE_INVALID"
    message = gettext_noop("This is no unified social credit code: its form or its check character is wrong.")
    remedy = gettext_noop("Copy all 18 characters from the business licence.")


class CreditCodeTaken(UserError):
    """The organisation is admitted already."""

    code = "CREDIT_CODE_TAKEN"
    message = gettext_noop("An organisation with this credit code is already admitted.")
    remedy = gettext_noop("Use the existing organisation; ask its people for a key.")


class OneOperator(UserError):
    """A market has one operator, made when it is set up."""

    code = "ONE_OPERATOR"
    message = gettext_noop("The market's operator is made when the market is set up, and there is only one.")
    remedy = gettext_noop("Admit the organisation as another kind.")


class AlreadyVerified(UserError):
    """Identity is verified once."""

    code = "ALREADY_VERIFIED"
    message = gettext_noop("The identity of this organisation is already verified.")
    remedy = gettext_noop("Nothing needs to be done.")


class AlreadyDeclared(UserError):
    """The affiliation is on record."""

    code = "ALREADY_DECLARED"
    message = gettext_noop("The affiliation of these two organisations is already on record.")
    remedy = gettext_noop("Nothing needs to be done.")


class NotYoursToDeclare(UserError):
    """Nobody rids themselves of an authority by claiming kinship with it."""

    code = "NOT_YOURS_TO_DECLARE"
    message = gettext_noop("You may declare affiliations of your own organisation only, and not with an authority.")
    remedy = gettext_noop("Have the authority itself or a regulator declare it.")


class NoAuthority(UserError):
    """The person has no recorded authority to bind the organisation."""

    code = "NO_AUTHORITY"
    message = gettext_noop("This person has no recorded authority in force, under that document, to bind the organisation.")
    remedy = gettext_noop("Have a person with authority add one with the digest of the document that grants it.")


class ScopeNotAllowed(UserError):
    """A key cannot carry that scope."""

    code = "SCOPE_NOT_ALLOWED"
    message = gettext_noop("A key of this organisation, issued with yours, cannot carry: %(scopes)s.")
    remedy = gettext_noop("Ask only for scopes that the organisation's kinds allow and that your own key carries.")


class ExpiryNotAllowed(UserError):
    """A key expires, and within a year."""

    code = "EXPIRY_NOT_ALLOWED"
    message = gettext_noop("A key expires after now and within %(days)s days.")
    remedy = gettext_noop("Choose an earlier instant in the future; issue a new key when it is over.")


class AlreadyRevoked(UserError):
    """Revoked for good."""

    code = "ALREADY_REVOKED"
    message = gettext_noop("This key is already revoked.")
    remedy = gettext_noop("Nothing needs to be done; register or issue another one.")


class SigningKeyUnacceptable(UserError):
    """Not a usable Ed25519 public key."""

    code = "SIGNING_KEY_UNACCEPTABLE"
    message = gettext_noop("This is no Ed25519 public key that can bind anybody.")
    remedy = gettext_noop("Make a key pair with a common tool and send its 32 public bytes in base64.")


class PossessionNotProved(UserError):
    """The proof is not that key's signature over this person and organisation."""

    code = "POSSESSION_NOT_PROVED"
    message = gettext_noop("The proof is not this key's signature over your organisation and person.")
    remedy = gettext_noop("Sign the text egret-signing-key-v1, organisation id and person id, each ended by a line feed.")


class SigningKeyExists(UserError):
    """One active key for each person and organisation."""

    code = "SIGNING_KEY_EXISTS"
    message = gettext_noop("This person has an active signing key for this organisation.")
    remedy = gettext_noop("Revoke it first.")


class SigningKeyUsed(UserError):
    """A public key stands for one person in one organisation, for all time."""

    code = "SIGNING_KEY_USED"
    message = gettext_noop("This public key was registered before.")
    remedy = gettext_noop("Make a new key pair.")


class SigningKeyInactive(UserError):
    """Not an active key of that organisation at that time."""

    code = "SIGNING_KEY_INACTIVE"
    message = gettext_noop("This is no active signing key of the organisation, or its person's authority is not in force.")
    remedy = gettext_noop("Register a signing key for a person with authority in force.")


class PermitOnFile(UserError):
    """The permit was filed before."""

    code = "PERMIT_ON_FILE"
    message = gettext_noop("This permit is already on file.")
    remedy = gettext_noop("Wait for its check; file a renewed permit under its new number.")


class AlreadyChecked(UserError):
    """A permit is checked once."""

    code = "ALREADY_CHECKED"
    message = gettext_noop("This permit was already checked.")
    remedy = gettext_noop("Have the holder file a new permit.")
