//! Java, Kotlin, Scala, Groovy and Clojure.

use super::rule::{Rule, both, types, words};
use crate::BugClass::*;

pub(super) const RULES: &[Rule] = &[
    types(&["UnknownHostException", "UnresolvedAddressException"], Dns),
    types(
        &[
            "SSLHandshakeException",
            "SSLException",
            "SSLPeerUnverifiedException",
            "CertificateException",
            "CertificateExpiredException",
            "SunCertPathBuilderException",
            "ValidatorException",
            "SslAuthenticationException",
        ],
        Tls,
    ),
    types(&["OutOfMemoryError"], Memory),
    types(
        &[
            "NoSuchMethodError",
            "NoSuchFieldError",
            "NoClassDefFoundError",
            "ClassNotFoundException",
            "AbstractMethodError",
            "IncompatibleClassChangeError",
            "IllegalAccessError",
            "UnsupportedClassVersionError",
            "UnsatisfiedLinkError",
            "VerifyError",
            "LinkageError",
            "ServiceConfigurationError",
        ],
        Dependency,
    ),
    types(
        &[
            "SQLTransientConnectionException",
            "SQLNonTransientConnectionException",
            "SQLRecoverableException",
            "CommunicationsException",
            "CannotGetJdbcConnectionException",
            "JDBCConnectionException",
            "CannotAcquireLockException",
            "DeadlockLoserDataAccessException",
            "CannotCreateTransactionException",
            "QueryTimeoutException",
            "MongoTimeoutException",
            "MongoSocketOpenException",
            "RedisConnectionFailureException",
            "JedisConnectionException",
            "NoHostAvailableException",
            "AllNodesFailedException",
            "OperationTimedOutException",
            "ReadTimeoutException",
            "WriteTimeoutException",
            "UnavailableException",
        ],
        Database,
    ),
    types(
        &[
            "SocketTimeoutException",
            "HttpTimeoutException",
            "ConnectTimeoutException",
            "HttpConnectTimeoutException",
        ],
        Timeout,
    ),
    types(
        &[
            "ConnectException",
            "SocketException",
            "NoRouteToHostException",
            "PortUnreachableException",
            "HttpHostConnectException",
            "NoHttpResponseException",
            "ClosedChannelException",
            "AnnotatedConnectException",
            "ResourceAccessException",
            "ClientAbortException",
            "AsyncRequestNotUsableException",
            "RetryableException",
        ],
        Network,
    ),
    types(&["BindException"], Configuration),
    types(
        &[
            "HttpServerErrorException",
            "InternalServerErrorException",
            "BadGateway",
        ],
        Upstream,
    ),
    types(&["TooManyRequests"], RateLimit),
    types(
        &[
            "AccessDeniedException",
            "SecurityException",
            "AccessControlException",
        ],
        Permission,
    ),
    types(
        &[
            "FileNotFoundException",
            "NoSuchFileException",
            "FileSystemException",
            "FileAlreadyExistsException",
            "DirectoryNotEmptyException",
        ],
        Disk,
    ),
    types(
        &[
            "BeanCreationException",
            "UnsatisfiedDependencyException",
            "NoSuchBeanDefinitionException",
            "BeanDefinitionStoreException",
            "ConfigException",
            "MissingResourceException",
        ],
        Configuration,
    ),
    types(
        &[
            "InterruptedException",
            "CancellationException",
            "JobCancellationException",
            "ClosedByInterruptException",
            "RejectedExecutionException",
        ],
        Deploy,
    ),
    both(
        &["NullPointerException"],
        &[
            "you must provide",
            "api key",
            "must be set",
            "not configured",
        ],
        Configuration,
    ),
    types(
        &[
            "NullPointerException",
            "UninitializedPropertyAccessException",
            "KotlinNullPointerException",
        ],
        NoneDeref,
    ),
    words(
        &["cannot invoke method", "on a null object reference"],
        NoneDeref,
    ),
    types(
        &[
            "ArrayIndexOutOfBoundsException",
            "StringIndexOutOfBoundsException",
            "IndexOutOfBoundsException",
            "NegativeArraySizeException",
            "BufferUnderflowException",
            "BufferOverflowException",
        ],
        IndexRange,
    ),
    types(
        &[
            "NoSuchElementException",
            "InputMismatchException",
            "EmptyStackException",
        ],
        BadValue,
    ),
    both(&["ArithmeticException"], &["overflow"], Overflow),
    types(&["ArithmeticException"], ZeroDiv),
    types(
        &[
            "ClassCastException",
            "ArrayStoreException",
            "MissingMethodException",
        ],
        TypeMismatch,
    ),
    types(&["MissingPropertyException"], AttrMissing),
    types(
        &[
            "NumberFormatException",
            "DateTimeParseException",
            "DateTimeException",
            "ParseException",
            "PatternSyntaxException",
            "UnknownFormatConversionException",
            "IllegalFormatException",
        ],
        BadValue,
    ),
    types(
        &[
            "ConcurrentModificationException",
            "IllegalMonitorStateException",
        ],
        InvalidState,
    ),
    types(&["StackOverflowError"], Recursion),
    types(
        &[
            "MatchError",
            "NoWhenBranchMatchedException",
            "MatchException",
            "UnsupportedOperationException",
            "EnumConstantNotPresentException",
        ],
        MissingCase,
    ),
    types(
        &[
            "MalformedInputException",
            "UnmappableCharacterException",
            "CharacterCodingException",
        ],
        Encoding,
    ),
    both(
        &["IllegalArgumentException"],
        &["no enum constant"],
        MissingCase,
    ),
    both(
        &["IllegalArgumentException"],
        &[
            "comparison method violates",
            "must be positive",
            "out of range",
        ],
        BadValue,
    ),
];

/// What is thrown only where the table and the words have nothing to say.
pub(super) const LATE: &[Rule] = &[
    types(
        &[
            "SQLException",
            "SQLSyntaxErrorException",
            "DataAccessException",
            "PSQLException",
        ],
        Database,
    ),
    types(
        &["IOException", "EOFException", "UncheckedIOException"],
        Network,
    ),
    types(&["IllegalArgumentException"], BadValue),
    types(&["IllegalStateException"], InvalidState),
];

/// Types that only a `throw` makes: of a library's code, or of the program's own.
pub(super) const RAISED: &[&str] = &["RuntimeException", "Exception", "Error", "Throwable"];
