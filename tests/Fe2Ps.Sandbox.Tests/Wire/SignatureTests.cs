using Fe2Ps.Sandbox.Wire;

namespace Fe2Ps.Sandbox.Tests.Wire;

public sealed class SignatureTests
{
    // The request "get-vanilla" of AWS's published Signature Version 4 test suite.
    [Fact]
    public void Signs_as_the_published_test_suite_does() => Assert.Equal(
        "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
        Signature.Compute(
            "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "GET", "/", "",
            [new("host", "example.amazonaws.com"), new("x-amz-date", "20150830T123600Z")], [], "20150830T123600Z", "us-east-1", "service"));
}
