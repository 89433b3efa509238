using Fe2Ps.Sandbox.Iam;

namespace Fe2Ps.Sandbox.Tests.Iam;

/// <summary>Operators, names of resources, and what of a policy is refused rather than guessed.</summary>
public sealed class ConditionTests
{
    // Values of the key, separated by commas; none where the request has no such key.
    [Theory]
    [InlineData("StringEquals", "a,b", "b", true)]
    [InlineData("StringEquals", "a", "A", false)]
    [InlineData("StringEquals", "a", null, false)]
    [InlineData("StringEqualsIfExists", "a", null, true)]
    [InlineData("StringEqualsIfExists", "a", "b", false)]
    [InlineData("StringEqualsIgnoreCase", "a", "A", true)]
    [InlineData("StringNotEquals", "a,b", "c", true)]
    [InlineData("StringNotEquals", "a,b", "b", false)]
    [InlineData("StringNotEquals", "a", null, true)]
    [InlineData("StringLike", "fe2-*", "fe2-monitor", true)]
    [InlineData("StringLike", "fe2-?", "fe2-monitor", false)]
    [InlineData("StringNotLike", "fe2-*", "fe2-monitor", false)]
    [InlineData("Bool", "true", "True", true)]
    [InlineData("Null", "true", null, true)]
    [InlineData("Null", "true", "a", false)]
    [InlineData("Null", "false", "a", true)]
    [InlineData("Null", "false", null, false)]
    [InlineData("ArnLike", "arn:aws:iam::*:role/fe2-*", "arn:aws:iam::1:role/fe2-a", true)]
    [InlineData("ArnLike", "arn:aws:*:role/fe2-*", "arn:aws:iam::1:role/fe2-a", false)]
    [InlineData("ArnNotEquals", "arn:aws:iam::1:role/a", "arn:aws:iam::1:role/b", true)]
    [InlineData("ForAllValues:StringEquals", "a,b", "a,b", true)]
    [InlineData("ForAllValues:StringEquals", "a,b", "a,c", false)]
    [InlineData("ForAllValues:StringEquals", "a", null, true)]
    [InlineData("ForAnyValue:StringEquals", "a,b", "c,b", true)]
    [InlineData("ForAnyValue:StringEquals", "a", "b", false)]
    [InlineData("ForAnyValue:StringEquals", "a", null, false)]
    [InlineData("ForAnyValue:StringNotEquals", "a", null, false)]
    [InlineData("ForAllValues:StringNotLike", "aws:*", "a,aws:b", false)]
    public void An_operator_holds_as_iam_says_it_does(string name, string wanted, string? values, bool holds)
        => Assert.Equal(holds, new Condition(name, "aws:TagKeys", wanted.Split(',')).Holds(values?.Split(',')));

    [Theory]
    [InlineData("*", "*", true)]
    [InlineData("*", "arn:aws:ec2:us-east-2:1:instance/i-1", true)]
    [InlineData("arn:aws:ec2:us-east-2:*:instance/*", "arn:aws:ec2:us-east-2:1:instance/i-1", true)]
    [InlineData("arn:aws:ec2:us-east-2:*:instance/*", "arn:aws:ec2:us-east-1:1:instance/i-1", false)]
    [InlineData("arn:aws:ec2:us-east-2:*:instance/*", "arn:aws:ec2:us-east-2:1:volume/vol-1", false)]
    [InlineData("arn:aws:ec2:us-east-2:*:instance/*", "*", false)]
    [InlineData("arn:aws:ec2:us-east-2::image/*", "arn:aws:ec2:us-east-2::image/ami-1", true)]
    [InlineData("arn:aws:ec2:us-east-2:*:image/*", "arn:aws:ec2:us-east-2::image/ami-1", true)]
    [InlineData("arn:aws:ec2:us-east-2:1:image/*", "arn:aws:ec2:us-east-2::image/ami-1", false)]
    [InlineData("arn:aws-cn:ec2:*:*:*", "arn:aws:ec2:us-east-2:1:instance/i-1", false)]
    [InlineData("arn:aws:ec2:*", "arn:aws:ec2:us-east-2:1:instance/i-1", true)]
    [InlineData("arn:aws:a:r:1:autoScalingGroup:*:autoScalingGroupName/g", "arn:aws:a:r:1:autoScalingGroup:x-y:autoScalingGroupName/g", true)]
    public void A_pattern_names_arns(string pattern, string arn, bool fits) => Assert.Equal(fits, Arns.Fits(pattern, arn));

    [Theory]
    [InlineData("""{"Effect":"Allow","Action":"ec2:*","Resource":"*","Condition":{"NumericLessThan":{"aws:RequestedRegion":"1"}}}""", "NumericLessThan")]
    [InlineData("""{"Effect":"Allow","Action":"ec2:*","Resource":"*","Condition":{"NullIfExists":{"aws:RequestedRegion":"true"}}}""", "NullIfExists")]
    [InlineData("""{"Effect":"Allow","Action":"ec2:*","Resource":"*","Condition":{"StringEquals":{"aws:SourceIp":"1.2.3.4"}}}""", "aws:SourceIp")]
    [InlineData("""{"Effect":"Allow","Action":"ec2:*","Resource":"*","Condition":{"StringEquals":{"aws:ResourceTag/":"a"}}}""", "aws:ResourceTag/")]
    [InlineData("""{"Effect":"Allow","Action":"ec2:*","Resource":"arn:aws:ec2:*:*:instance/${aws:username}"}""", "variables")]
    [InlineData("""{"Effect":"Allow","Action":"RunInstances","Resource":"*"}""", "RunInstances")]
    [InlineData("""{"Effect":"Allow","Action":"ec2:*","Resource":"instance/*"}""", "ARN")]
    [InlineData("""{"Effect":"Allow","Action":"ec2:*"}""", "NotResource")]
    [InlineData("""{"Effect":"Maybe","Action":"ec2:*","Resource":"*"}""", "Maybe")]
    [InlineData("""{"Effect":"Allow","Principal":"*","Action":"ec2:*","Resource":"*"}""", "principal")]
    [InlineData("""{"Effect":"Allow","Actions":"ec2:*","Resource":"*"}""", "Actions")]
    [InlineData("""{"Action":"ec2:*","Resource":"*"}""", "Syntax")]
    public void What_is_not_understood_is_refused(string statement, string said)
        => Assert.Contains(said, Assert.Throws<PolicyException>(() => Policy.Read($$"""{"Version":"2012-10-17","Statement":[{{statement}}]}""")).Message, StringComparison.Ordinal);
}
