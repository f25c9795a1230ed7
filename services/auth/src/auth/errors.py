"""What can go wrong in auth."""

from common.errors import DomainError, Kind


class EmailAlreadyRegistered(DomainError):
    kind = Kind.CONFLICT
    reason = "EMAIL_ALREADY_REGISTERED"

    def __init__(self) -> None:
        super().__init__("Email already registered")


class InvalidEmail(DomainError):
    kind = Kind.INVALID
    reason = "INVALID_EMAIL"

    def __init__(self) -> None:
        super().__init__("The e-mail address is not valid.", field="email")


class InvalidPassword(DomainError):
    kind = Kind.INVALID
    reason = "INVALID_PASSWORD"

    def __init__(self, shortest: int, longest: int) -> None:
        super().__init__(
            f"A password has {shortest} to {longest} characters and no NUL.",
            field="password",
            shortest=shortest,
            longest=longest,
        )


class InvalidDisplayName(DomainError):
    kind = Kind.INVALID
    reason = "INVALID_DISPLAY_NAME"

    def __init__(self, longest: int) -> None:
        super().__init__(
            f"A display name has at most {longest} characters and no NUL.",
            field="display_name",
            longest=longest,
        )


class InvalidCredentials(DomainError):
    """The same for an unknown address and a wrong password."""

    kind = Kind.UNAUTHENTICATED
    reason = "INVALID_CREDENTIALS"

    def __init__(self) -> None:
        super().__init__("Invalid credentials")


class WrongPassword(DomainError):
    """Someone signed in, but does not know the current password: not a reason to sign in again."""

    kind = Kind.FORBIDDEN
    reason = "WRONG_PASSWORD"

    def __init__(self) -> None:
        super().__init__("The current password is wrong.")


class LoginThrottled(DomainError):
    kind = Kind.RATE_LIMITED
    reason = "LOGIN_THROTTLED"

    def __init__(self, retry_after: float) -> None:
        super().__init__("Too many failed attempts. Try again later.", retry_after=retry_after)


class RegistrationThrottled(DomainError):
    kind = Kind.RATE_LIMITED
    reason = "REGISTRATION_THROTTLED"

    def __init__(self, retry_after: float) -> None:
        super().__init__("Too many registrations from here.", retry_after=retry_after)


class TooManyPasswordsInHand(DomainError):
    kind = Kind.RATE_LIMITED
    reason = "TOO_MANY_SIGN_INS"

    def __init__(self, retry_after: float) -> None:
        super().__init__(
            "Too many people are signing in right now. Try again in a moment.",
            retry_after=retry_after,
        )


class UserNotFound(DomainError):
    """The account behind a valid access token is gone."""

    kind = Kind.UNAUTHENTICATED
    reason = "USER_NOT_FOUND"

    def __init__(self) -> None:
        super().__init__("User not found")


class InvalidRefreshToken(DomainError):
    """The same for an unknown, expired, used or revoked token."""

    kind = Kind.UNAUTHENTICATED
    reason = "INVALID_REFRESH_TOKEN"

    def __init__(self) -> None:
        super().__init__("Invalid or expired refresh token")


class RefreshTokenJustUsed(InvalidRefreshToken):
    """A double click or a second tab: the session lives, and another answer holds its tokens."""

    reason = "REFRESH_TOKEN_JUST_USED"


class SessionNotFound(DomainError):
    kind = Kind.NOT_FOUND
    reason = "SESSION_NOT_FOUND"

    def __init__(self) -> None:
        super().__init__("Session not found")


class InvalidPageSize(DomainError):
    kind = Kind.INVALID
    reason = "INVALID_PAGE_SIZE"

    def __init__(self) -> None:
        super().__init__("page_size may not be negative.", field="page_size")


class AccountNotFound(DomainError):
    """An operator named an e-mail address that no account has."""

    kind = Kind.NOT_FOUND
    reason = "ACCOUNT_NOT_FOUND"

    def __init__(self, email: str) -> None:
        super().__init__(f"No account has the e-mail address {email!r}.", email=email)


class WrongKeyPassword(DomainError):
    kind = Kind.PRECONDITION
    reason = "WRONG_KEY_PASSWORD"

    def __init__(self, kid: str) -> None:
        super().__init__(
            f"Signing key {kid} cannot be decrypted with the password of AUTH_KEY_PASSWORD_FILE.",
            kid=kid,
        )
