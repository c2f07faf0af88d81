//! Apple's crash reports and Objective-C's exceptions, by our own examples in their forms.

use super::check;
use crate::corpus::read_bytes;
use ingest::Format;

const HEAD: &str = "Process:               Shop [590]
Path:                  /Applications/Shop.app/Contents/MacOS/Shop
Identifier:            com.example.shop
Version:               1.2 (34)
Code Type:             ARM-64 (Native)

Date/Time:             2024-01-01 12:00:00.4969 +0100
OS Version:            macOS 14.2 (23C64)

Crashed Thread:        1  Dispatch queue: com.example.cart

";

const REST: &str = "
Thread 0:: Dispatch queue: com.apple.main-thread
0   libsystem_kernel.dylib        \t0x00007fff7bd0ab66 mach_msg_trap + 10
1   CoreFoundation                \t0x00007fff53db7c19 __CFRunLoopRun + 1148

Thread 1 Crashed:: Dispatch queue: com.example.cart
0   libsystem_kernel.dylib        \t0x00007fff7bd0ab67 __pthread_kill + 10
1   Shop                          \t0x0000000101d02459 closure #1 in Cart.total(of:) + 265 (Cart.swift:12)
2   Shop                          \t0x0000000101d02460 0x101d00000 + 9312
3   MapKit                        \t0x00007fff74310000 -[MKMapView render] + 12

Thread 2:
0   libsystem_kernel.dylib        \t0x00007fff7bd0ab68 kevent + 10

Thread 1 crashed with ARM Thread State (64-bit):
    x0: 0x00000007f15f1088   x1: 0x0000001200000003
   far: 0x0000000000000000  esr: 0xf2000001 (Breakpoint) brk 1

Binary Images:
       0x101d00000 -        0x101dfffff +com.example.shop (1.2 - 34) <2d903291-397d> /Applications/Shop.app/Contents/MacOS/Shop
    0x7fff74300000 -     0x7fff743fffff  MapKit (2.0) <6deccee4-a052> /System/Library/Frameworks/MapKit.framework/MapKit

next
";

#[test]
fn reports() {
    let log = format!(
        "{HEAD}Exception Type:        EXC_BREAKPOINT (SIGTRAP)
Exception Codes:       0x0000000000000001, 0x00000001018b8cad
Termination Reason:    Namespace SIGNAL, Code 5 Trace/BPT trap: 5

Application Specific Information:
shop/Cart.swift:12: Fatal error: Index out of range
{REST}"
    );
    let expected = "2024-01-01 12:00:00.4969 +0100 - \"-\"
EXC_BREAKPOINT: \"SIGTRAP\\nshop/Cart.swift:12: Fatal error: Index out of range\"
  :0 -[MKMapView render] | -
  Shop+0x2460:0  | -
  Cart.swift:12 closure #1 in Cart.total(of:) | -
  :0 __pthread_kill | -";
    check(&log, &[expected]);
    let (events, _) = read_bytes(log.as_bytes(), Format::Auto);
    assert_eq!(events[0].attributes["process"], "Shop [590]");
    assert_eq!(events[0].attributes["version"], "1.2 (34)");
    let in_app: Vec<_> = events[0].exceptions[0]
        .frames
        .iter()
        .map(|frame| frame.in_app)
        .collect();
    assert_eq!(in_app, [Some(false), None, None, Some(false)]);
    // What others write in such a line.
    check(
        "Exception Type: KeyError at /orders\nException Value: 'x'\n",
        &[],
    );
}

#[test]
fn exceptions_that_end_in_a_signal() {
    check(
        &format!(
            "{HEAD}Exception Type:        EXC_CRASH (SIGABRT)
Exception Codes:       0x0000000000000000, 0x0000000000000000

Application Specific Information:
*** Terminating app due to uncaught exception 'NSRangeException', reason: '*** -[__NSArrayM objectAtIndex:]: index 3 beyond bounds [0 .. 2]'
terminating with uncaught exception of type NSException
abort() called

Last Exception Backtrace:
0   CoreFoundation                \t0x19c0 __exceptionPreprocess + 228
1   Shop                          \t0x1000 -[Cart total:] + 28 (Cart.m:7)
{REST}"
        ),
        &["2024-01-01 12:00:00.4969 +0100 - \"-\"
EXC_CRASH: \"SIGABRT\\nterminating with uncaught exception of type NSException\"
  :0 -[MKMapView render] | -
  Shop+0x2460:0  | -
  Cart.swift:12 closure #1 in Cart.total(of:) | -
  :0 __pthread_kill | -
NSRangeException: \"*** -[__NSArrayM objectAtIndex:]: index 3 beyond bounds [0 .. 2]\" <cause of 0>
  Cart.m:7 -[Cart total:] | -
  :0 __exceptionPreprocess | -"],
    );
}

#[test]
fn exceptions() {
    let log = "2024-01-01 12:00:00.123 Shop[590:7] *** Terminating app due to uncaught exception 'NSInvalidArgumentException', reason: '-[Cart total:]: unrecognized selector
sent to instance 0x600003ea6ae0'
*** First throw call stack:
(
\t0   CoreFoundation                      0x00007fff51ec9571 __exceptionPreprocess + 256
\t1   libobjc.A.dylib                     0x00007fff7de7aefb objc_exception_throw + 48
\t2   My Shop                             0x00000001082eae56 -[Cart total:] + 502
)
libc++abi.dylib: terminating with uncaught exception of type NSException
next
";
    check(
        log,
        &["2024-01-01 12:00:00.123 - \"Shop[590:7]\"
NSInvalidArgumentException: \"-[Cart total:]: unrecognized selector\\nsent to instance 0x600003ea6ae0\"
  :0 -[Cart total:] | -
  :0 objc_exception_throw | -
  :0 __exceptionPreprocess | -"],
    );
    check(
        "*** Terminating app due to uncaught exception 'NSRangeException', reason: 'no'
*** First throw call stack:
(0x2e854fd3 0x39339ccf 0x2e854f15)
libc++abi: terminating due to uncaught exception of type NSException
",
        &["- - \"-\"\nNSRangeException: \"no\""],
    );
}

#[test]
fn reports_as_json() {
    let header = r#"{"app_name":"Shop","timestamp":"2024-01-01 12:00:00.00 +0100","app_version":"1.2","bug_type":"309","os_version":"macOS 14.2 (23C64)","incident_id":"A1"}"#;
    let report = serde_json::json!({
        "incident": "A1",
        "captureTime": "2024-01-01 12:00:00.4969 +0100",
        "procName": "Shop",
        "bundleInfo": {"CFBundleShortVersionString": "1.2"},
        "exception": {"type": "EXC_CRASH", "signal": "SIGABRT", "codes": "0x0, 0x0"},
        "termination": {"indicator": "Abort trap: 6"},
        "asi": {"libsystem_c.dylib": ["abort() called"], "libswiftCore.dylib": ["shop/Cart.swift:12: Fatal error: no\n"]},
        "exceptionReason": {"name": "NSRangeException", "composed_message": "index 3 beyond bounds"},
        "lastExceptionBacktrace": [
            {"imageOffset": 12, "symbol": "-[Cart total:]", "symbolLocation": 4, "imageIndex": 0, "sourceFile": "Cart.m", "sourceLine": 7}
        ],
        "faultingThread": 1,
        "threads": [
            {"id": 1, "frames": [{"imageOffset": 1, "symbol": "mach_msg", "imageIndex": 1}]},
            {"id": 2, "triggered": true, "frames": [
                {"imageOffset": 8, "symbol": "__pthread_kill", "symbolLocation": 8, "imageIndex": 1},
                {"imageOffset": 9312, "imageIndex": 0}, null, {"imageIndex": 99}
            ]}
        ],
        "usedImages": [
            {"name": "Shop", "path": "/Applications/Shop.app/Contents/MacOS/Shop"},
            {"name": "libsystem_kernel.dylib", "path": "/usr/lib/system/libsystem_kernel.dylib"}
        ]
    });
    let expected = "2024-01-01 12:00:00.4969 +0100 - \"-\"
EXC_CRASH: \"SIGABRT\\nshop/Cart.swift:12: Fatal error: no\"
  :0  | -
  Shop+0x2460:0  | -
  :0 __pthread_kill | -
NSRangeException: \"index 3 beyond bounds\" <cause of 0>
  Cart.m:7 -[Cart total:] | -";
    check(
        &format!(
            "{header}\n{}\n",
            serde_json::to_string_pretty(&report).unwrap()
        ),
        &[expected],
    );
    check(&format!("{header}\n{report}\n"), &[expected]);
    check(&format!("12:00:00 INFO x\n{report}\n"), &[expected]);
    // A report of a hang has no exception.
    let mut hang = report;
    hang.as_object_mut().unwrap().remove("exception");
    check(&format!("{header}\n{hang}\n"), &[]);
}
