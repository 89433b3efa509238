using System.Security.Cryptography;
using System.Text.Json;
using Fe2Ps.Sandbox.Services;
using Fe2Ps.Sandbox.State;

namespace Fe2Ps.Sandbox.Iam;

/// <summary>A wish for a user with policies; for one that there is, for other policies.</summary>
internal sealed record NewUser(string Name, JsonElement[] Policies)
{
    /// <summary>Makes or changes the user. Needs the sandbox's gate.</summary>
    /// <exception cref="ArgumentException">A policy is none, or has something that the sandbox does not know.</exception>
    public User Make(Cloud cloud)
    {
        var policies = Policies.Select(policy => policy.GetRawText()).ToList();
        try
        {
            policies.ForEach(policy => Policy.Read(policy));
        }
        catch (PolicyException error)
        {
            throw new ArgumentException(error.Message, error);
        }

        if (!cloud.State.Users.TryGetValue(Name, out var user))
        {
            cloud.State.Users[Name] = user = new User
            {
                Id = Roles.NewId("AIDA"),
                Name = Name,
                Arn = $"arn:aws:iam::{cloud.State.AccountId}:user/{Name}",
                AccessKey = "AKIA" + Convert.ToHexString(RandomNumberGenerator.GetBytes(8)),
                SecretKey = Convert.ToBase64String(RandomNumberGenerator.GetBytes(30)),
                CreatedAt = cloud.Now,
            };
        }

        user.Policies = policies;
        cloud.Changed();
        return user;
    }
}
