"""Stands for `ssl`, which this platform lacks: its names are there, no connection can be made."""
import enum
import socket as _socket

OPENSSL_VERSION = "OpenSSL 3.0.0 (not available in this isolate)"
OPENSSL_VERSION_INFO = (3, 0, 0, 0, 0)
OPENSSL_VERSION_NUMBER = 0x30000000
HAS_SNI = HAS_ALPN = HAS_ECDH = HAS_TLSv1_2 = HAS_TLSv1_3 = HAS_NEVER_CHECK_COMMON_NAME = True
HAS_NPN = HAS_SSLv2 = HAS_SSLv3 = HAS_PSK = False
CHANNEL_BINDING_TYPES = ["tls-unique"]


class _SSLMethod(enum.IntEnum):
    PROTOCOL_TLS = PROTOCOL_SSLv23 = 2
    PROTOCOL_TLSv1, PROTOCOL_TLSv1_1, PROTOCOL_TLSv1_2, PROTOCOL_TLS_CLIENT, PROTOCOL_TLS_SERVER = 3, 4, 5, 16, 17


class Options(enum.IntFlag):
    OP_ALL, OP_NO_SSLv2, OP_NO_SSLv3, OP_NO_TLSv1, OP_NO_TLSv1_1 = 0x80000050, 0, 1 << 25, 1 << 26, 1 << 28
    OP_NO_TLSv1_2, OP_NO_TLSv1_3, OP_NO_COMPRESSION, OP_NO_TICKET = 1 << 27, 1 << 29, 1 << 17, 1 << 14
    OP_SINGLE_DH_USE, OP_SINGLE_ECDH_USE, OP_CIPHER_SERVER_PREFERENCE = 0, 0, 1 << 22


class VerifyMode(enum.IntEnum):
    CERT_NONE, CERT_OPTIONAL, CERT_REQUIRED = 0, 1, 2


class VerifyFlags(enum.IntFlag):
    VERIFY_DEFAULT, VERIFY_CRL_CHECK_LEAF, VERIFY_CRL_CHECK_CHAIN = 0, 4, 12
    VERIFY_X509_STRICT, VERIFY_X509_TRUSTED_FIRST, VERIFY_X509_PARTIAL_CHAIN = 32, 32768, 0x80000


class TLSVersion(enum.IntEnum):
    MINIMUM_SUPPORTED, SSLv3, TLSv1, TLSv1_1, TLSv1_2, TLSv1_3, MAXIMUM_SUPPORTED = -2, 768, 769, 770, 771, 772, -1


for _kind in (_SSLMethod, Options, VerifyMode, VerifyFlags):
    globals().update(_kind.__members__)


class Purpose(enum.Enum):
    SERVER_AUTH, CLIENT_AUTH = "1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"


class SSLError(OSError):
    library = reason = None


class SSLZeroReturnError(SSLError):
    pass


class SSLWantReadError(SSLError):
    pass


class SSLWantWriteError(SSLError):
    pass


class SSLSyscallError(SSLError):
    pass


class SSLEOFError(SSLError):
    pass


class SSLCertVerificationError(SSLError, ValueError):
    pass


CertificateError = SSLCertVerificationError
socket_error = OSError


class SSLSocket(_socket.socket):
    def __init__(self, *args, **kwargs):
        raise TypeError("SSLSocket does not have a public constructor")


class SSLObject:
    pass


class MemoryBIO:
    pass


class SSLContext:
    sslsocket_class = SSLSocket
    sslobject_class = SSLObject
    hostname_checks_common_name = True
    minimum_version = TLSVersion.TLSv1_2
    maximum_version = TLSVersion.MAXIMUM_SUPPORTED
    post_handshake_auth = False
    keylog_filename = None

    def __init__(self, protocol=_SSLMethod.PROTOCOL_TLS):
        self.protocol = protocol
        client = protocol == _SSLMethod.PROTOCOL_TLS_CLIENT
        self.check_hostname = client
        self.verify_mode = VerifyMode.CERT_REQUIRED if client else VerifyMode.CERT_NONE
        self.verify_flags = VerifyFlags.VERIFY_X509_TRUSTED_FIRST
        self.options = Options.OP_ALL | Options.OP_NO_SSLv3

    def load_default_certs(self, purpose=Purpose.SERVER_AUTH):
        pass

    load_verify_locations = load_cert_chain = set_ciphers = set_alpn_protocols = set_default_verify_paths = lambda self, *args, **kwargs: None

    def wrap_socket(self, *args, **kwargs):
        raise SSLError("ssl is not available in this isolate")

    wrap_bio = wrap_socket


def create_default_context(purpose=Purpose.SERVER_AUTH, *, cafile=None, capath=None, cadata=None):
    return SSLContext(_SSLMethod.PROTOCOL_TLS_CLIENT if purpose is Purpose.SERVER_AUTH else _SSLMethod.PROTOCOL_TLS_SERVER)


def _create_unverified_context(*args, **kwargs):
    return SSLContext(_SSLMethod.PROTOCOL_TLS)


_create_default_https_context = create_default_context


def match_hostname(cert, hostname):
    raise CertificateError("ssl is not available in this isolate")


def get_server_certificate(*args, **kwargs):
    raise SSLError("ssl is not available in this isolate")
