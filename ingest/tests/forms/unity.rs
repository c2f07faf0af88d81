//! Unity, by our own examples in the forms of its console and players.

use super::check;

#[test]
fn stacks_of_unity() {
    check(
        "loaded
ArgumentNullException: Value cannot be null.
Parameter name: item
Shop.Cart.Add (Shop.Item item) (at Assets/Shop/Cart.cs:12)
Shop.Ui+<Open>d__3.MoveNext () (at Assets/Shop/Ui.cs:40)
UnityEngine.SetupCoroutine.InvokeMoveNext (System.Collections.IEnumerator e, System.IntPtr p) (at <9577ac7a62ef4317>:0)

next
NullReferenceException: Object reference not set to an instance of an object
Shop.Cart.Total () (at Assets/Shop/Cart.cs:20)
Rethrow as TargetInvocationException: Exception has been thrown by the target of an invocation.
System.Reflection.MonoMethod.Invoke (System.Object obj) (at <9577ac7a62ef4317>:0)
Shop.Bus:Send(String) (at Assets/Shop/Bus.cs:7)
",
        &[
            "- - \"loaded\"
ArgumentNullException: \"Value cannot be null.\\nParameter name: item\"
  :0 UnityEngine.SetupCoroutine.InvokeMoveNext (System.Collections.IEnumerator e, System.IntPtr p) | -
  Assets/Shop/Ui.cs:40 Shop.Ui+<Open>d__3.MoveNext () | -
  Assets/Shop/Cart.cs:12 Shop.Cart.Add (Shop.Item item) | -",
            "- - \"next\"
TargetInvocationException: \"Exception has been thrown by the target of an invocation.\"
  Assets/Shop/Bus.cs:7 Shop.Bus:Send(String) | -
  :0 System.Reflection.MonoMethod.Invoke (System.Object obj) | -
NullReferenceException: \"Object reference not set to an instance of an object\" <cause of 0>
  Assets/Shop/Cart.cs:20 Shop.Cart.Total () | -",
        ],
    );
}
