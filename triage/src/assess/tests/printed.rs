//! What runtimes, drivers and clients print.

use super::*;

/// Runtime, class, type, message.
const PRINTED: &str = r#"
python | disk | OSError | [Errno 24] Too many open files: '/srv/x'
python | memory | OSError | [Errno 12] Cannot allocate memory
python | disk | OSError | [Errno 30] Read-only file system: '/srv/x'
python | configuration | OSError | [Errno 98] Address already in use
python | tls | SSLError | HTTPSConnectionPool(host='h', port=443): Max retries exceeded with url: / (Caused by SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed')))
python | timeout | ReadTimeout | HTTPSConnectionPool(host='h', port=443): Read timed out. (read timeout=5)
python | memory | RuntimeError | CUDA out of memory. Tried to allocate 2.00 GiB
python | upstream | HTTPError | 502 Server Error: Bad Gateway for url: https://h/x
python | upstream | HTTPError | HTTP Error 503: Service Unavailable
python | upstream | HTTPStatusError | Server error '504 Gateway Time-out' for url 'https://h/x'
python | credentials | OperationalError | FATAL:  password authentication failed for user "app"
python | database | OperationalError | database is locked
python | database | OperationalError | (2006, 'MySQL server has gone away')
python | database | OperationalError | FATAL:  remaining connection slots are reserved for non-replication superuser connections
python | credentials | AuthenticationError | Error code: 401 - Incorrect API key provided
python | network | StatusCode.UNAVAILABLE | failed to connect to all addresses
javascript | disk | Error | ENOSPC: no space left on device, write
javascript | permission | Error | EACCES: permission denied, open '/srv/x'
javascript | disk | Error | ENOENT: no such file or directory, open '/srv/x'
javascript | configuration | Error | listen EADDRINUSE: address already in use :::3000
javascript | dependency | Error | Cannot find module 'express'
javascript | timeout | Error | connect ETIMEDOUT 203.0.113.5:443
javascript | tls | Error | certificate has expired
javascript | network | Error | Connection lost: The server closed the connection.
javascript | network | TypeError | fetch failed
javascript | deploy | ChunkLoadError | Loading chunk 12 failed.
javascript | network | SequelizeConnectionRefusedError | connect ECONNREFUSED 127.0.0.1:5432
java | memory | OutOfMemoryError | GC overhead limit exceeded
java | database | SQLException | Connections could not be acquired from the underlying database!
java | credentials | PSQLException | FATAL: password authentication failed for user "app"
java | database | PSQLException | Connection to localhost:5432 refused. Check that the hostname and port are correct
java | network | IOException | Broken pipe
java | disk | IOException | No space left on device
java | disk | IOException | Too many open files
java | configuration | BindException | Address already in use
java | upstream | HttpServerErrorException$ServiceUnavailable | 503 Service Unavailable: [no body]
java | rate-limit | HttpClientErrorException$TooManyRequests | 429 Too Many Requests
java | dependency | NoClassDefFoundError | Could not initialize class org.example.X
java | tls | CertificateExpiredException | NotAfter: Mon Jan 01 00:00:00 UTC 2024
kotlin | dns | UnknownHostException | Unable to resolve host "h"
go | dns | panic | dial tcp: lookup db.internal on 10.0.0.2:53: no such host
go | timeout | panic | context deadline exceeded
go | permission | panic | open /etc/app.yaml: permission denied
go | disk | panic | open /etc/app.yaml: no such file or directory
go | configuration | panic | listen tcp :8080: bind: address already in use
go | memory | fatal error | runtime: out of memory
go | credentials | panic | pq: password authentication failed for user "app"
rust | disk | panic | called `Result::unwrap()` on an `Err` value: Os { code: 28, kind: StorageFull, message: "No space left on device" }
rust | configuration | panic | called `Result::unwrap()` on an `Err` value: Os { code: 98, kind: AddrInUse, message: "Address already in use" }
rust | configuration | panic | DATABASE_URL must be set: NotPresent
rust | timeout | panic | called `Result::unwrap()` on an `Err` value: PoolTimedOut
swift | none-deref | Fatal error | Unexpectedly found nil while unwrapping an Optional value
swift | index-range | Fatal error | Index out of range
swift | overflow | Fatal error | Not enough bits to represent the passed value
swift | memory-safety | Bad pointer dereference | Bad pointer dereference at 0x0000000000000004
native | none-deref | Oops | kernel NULL pointer dereference, address: 0000000000000008
native | memory-safety | Oops | unable to handle page fault for address: ffff8b4cd6855000
native | memory-safety | KASAN | use-after-free in cart_total+0x1/0x2 [shop]
native | memory | Out of memory | Killed process 17 (cartd) total-vm:12kB
native | none-deref | EXC_BREAKPOINT | SIGTRAP: Fatal error: Unexpectedly found nil while unwrapping an Optional value
native | index-range | std::out_of_range | vector::_M_range_check
perl | none-deref | die | Can't call method "total" on an undefined value
perl | dependency | die | Can't locate Shop/Cart.pm in @INC (you may need to install the Shop::Cart module)
lua | none-deref | error | attempt to index a nil value (global 'cart')
haskell | index-range | ErrorCall | Prelude.head: empty list
ocaml | key-missing | Not_found |
julia | index-range | BoundsError | attempt to access 1-element Vector{Symbol} at index [2]
crystal | none-deref | NilAssertionError | Nil assertion failed
ruby | disk | Errno::ENOSPC | No space left on device @ io_write - /srv/x
ruby | timeout | Net::OpenTimeout | execution expired
ruby | dns | SocketError | Failed to open TCP connection to h:443 (getaddrinfo: Name or service not known)
ruby | tls | OpenSSL::SSL::SSLError | SSL_connect returned=1 errno=0 state=error: certificate verify failed
ruby | database | Mysql2::Error::ConnectionError | Lost connection to MySQL server during query
ruby | dependency | LoadError | cannot load such file -- nokogiri
ruby | database | ActiveRecord::ConnectionTimeoutError | could not obtain a connection from the pool within 5.000 seconds
ruby | rate-limit | Faraday::TooManyRequestsError | the server responded with status 429
php | credentials | PDOException | SQLSTATE[HY000] [1045] Access denied for user 'app'@'localhost'
php | database | PDOException | SQLSTATE[HY000]: General error: 2006 MySQL server has gone away
php | timeout | Fatal error | Maximum execution time of 30 seconds exceeded
php | dependency | Error | Class "Redis" not found
php | upstream | GuzzleHttp\Exception\ServerException | Server error: `GET https://h` resulted in a `502 Bad Gateway` response
php | rate-limit | GuzzleHttp\Exception\ClientException | Client error: `GET https://h` resulted in a `429 Too Many Requests` response
php | permission | ErrorException | file_put_contents(/srv/x): failed to open stream: Permission denied
php | network | RedisException | Connection refused
csharp | credentials | SqlException | Login failed for user 'app'.
csharp | upstream | HttpRequestException | Response status code does not indicate success: 503 (Service Unavailable).
csharp | tls | HttpRequestException | The SSL connection could not be established, see inner exception.
csharp | disk | IOException | There is not enough space on the disk.
csharp | dns | SocketException | Name or service not known
csharp | dependency | FileLoadException | Could not load file or assembly 'Newtonsoft.Json, Version=12.0.0.0'
dart | network | SocketException | Connection refused (OS Error: Connection refused, errno = 111)
dart | disk | FileSystemException | Cannot open file, path = 'x' (OS Error: No such file or directory, errno = 2)
elixir | timeout | Mint.TransportError | timeout
elixir | database | DBConnection.ConnectionError | connection not available and request was dropped from queue after 2000ms
elixir | disk | File.Error | could not write to file "x": no space left on device
other | none-deref | NullPointerException | 
other | disk | Errno::ENOSPC | No space left on device
native | memory | std::bad_alloc | std::bad_alloc
python | type-mismatch | TypeError | can't multiply sequence by non-int of type 'float'
python | none-deref | TypeError | 'NoneType' object is not subscriptable
python | wrong-arg | TypeError | f() missing 1 required positional argument: 'x'
python | invalid-state | RuntimeError | dictionary changed size during iteration
python | overflow | OverflowError | Python int too large to convert to C int
javascript | none-deref | TypeError | undefined is not an object (evaluating 'a.b')
javascript | bad-value | RangeError | Invalid time value
javascript | type-mismatch | TypeError | Converting circular structure to JSON
java | type-mismatch | ClassCastException | class java.lang.Integer cannot be cast to class java.lang.String
java | zero-div | ArithmeticException | / by zero
java | invalid-state | ConcurrentModificationException | 
java | missing-case | IllegalArgumentException | No enum constant com.example.State.NEW
go | none-deref | panic | assignment to entry in nil map
go | type-mismatch | panic | interface conversion: interface {} is string, not int
go | invalid-state | fatal error | all goroutines are asleep - deadlock!
rust | invalid-state | panic | already borrowed: BorrowMutError
rust | zero-div | panic | attempt to divide by zero
ruby | none-deref | NoMethodError | undefined method 'name' for nil
ruby | wrong-arg | ArgumentError | wrong number of arguments (given 1, expected 2)
ruby | unbound-name | NameError | uninitialized constant Foo::Bar
php | type-mismatch | TypeError | strlen(): Argument #1 ($string) must be of type string, array given
php | zero-div | DivisionByZeroError | Division by zero
php | wrong-arg | ArgumentCountError | Too few arguments to function f(), 1 passed
csharp | type-mismatch | InvalidCastException | Unable to cast object of type 'A' to type 'B'.
csharp | bad-value | InvalidOperationException | Nullable object must have a value.
dart | none-deref | LateInitializationError | Field 'x' has not been initialized.
elixir | none-deref | Protocol.UndefinedError | protocol Enumerable not implemented for nil of type Atom
native | memory-safety | stack-buffer-overflow | on address 0x7f
"#;

#[test]
fn what_is_printed_has_a_class() {
    for line in PRINTED.trim().lines() {
        let columns: Vec<&str> = line.splitn(4, '|').map(str::trim).collect();
        let platform = serde_json::from_value(columns[0].into()).unwrap();
        let found = class_of(platform, columns[2], columns[3]);
        let class = serde_json::to_value(found.class).unwrap();
        assert_eq!(class, columns[1], "{line}: {found:?}");
    }
}
