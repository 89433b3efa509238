namespace Fe2Ps.Aws.Generator.Model;

/// <summary>One property of a class to be written.</summary>
internal sealed class Field
{
    public Field(ServiceModel model, Shape owner, ShapeUse use)
    {
        Use = use;
        Shape = model[use];
        Substitution = model.Names.SubstitutionOf(use.ShapeName);
        Property = model.Names.Property(owner.Name, use.Name);
        Required = owner.Required.Contains(use.Name);
        IsPayload = owner.Payload == use.Name;
        WrapsWhole = false;
        Type = CSharp.Type(model, use);
    }

    /// <summary>The property of a response that holds the whole output shape.</summary>
    public Field(string property, Shape whole, ShapeUse use)
    {
        Use = use;
        Shape = whole;
        Property = property;
        WrapsWhole = true;
        Type = ServiceNames.Upper(whole.Name);
    }

    public ShapeUse Use { get; }

    public Shape Shape { get; }

    public Substitution? Substitution { get; }

    public string Property { get; }

    public string Type { get; }

    public bool Required { get; }

    public bool WrapsWhole { get; }

    /// <summary>Whether the member is the whole body of a REST request or answer.</summary>
    public bool IsPayload { get; }

    public ShapeKind Kind => Substitution?.Kind ?? Shape.Kind;
}

/// <summary>What a class is for.</summary>
internal enum ClassRole
{
    /// <summary>A part of a request or a response.</summary>
    Structure,

    /// <summary>An operation's input.</summary>
    Request,

    /// <summary>An operation's output.</summary>
    Response,
}

/// <summary>One class to be written.</summary>
internal sealed class ClassPlan
{
    public ClassPlan(string name, ClassRole role, string reference)
    {
        Name = name;
        Role = role;
        Reference = reference;
    }

    public string Name { get; }

    public ClassRole Role { get; }

    /// <summary>The page of the API reference: an operation's or a type's name.</summary>
    public string Reference { get; }

    public List<Field> Fields { get; } = new();

    public bool IsWritten { get; set; }

    public bool IsRead { get; set; }
}

/// <summary>The classes and enums of a service, found by walking from its operations.</summary>
internal sealed class ServicePlan
{
    private readonly Dictionary<string, ClassPlan> _structures = new(StringComparer.Ordinal);

    public ServicePlan(ServiceModel model)
    {
        Model = model;
        foreach (var operation in model.Operations)
        {
            var request = new ClassPlan(operation.Name + "Request", ClassRole.Request, operation.Name) { IsWritten = true };
            if (operation.Input is { } input) Fill(request, model[input]);
            Classes.Add(request);
            var response = new ClassPlan(operation.Name + "Response", ClassRole.Response, operation.Name) { IsRead = true };
            if (operation.Output is { } output)
            {
                if (model.Names.Wraps.Text(operation.Name) is { } member) Wrap(response, member, model[output]);
                else Fill(response, model[output]);
            }

            Classes.Add(response);
        }

        Classes.AddRange(_structures.Values.OrderBy(c => c.Name, StringComparer.Ordinal));
        Exceptions = model.Shapes.Values.Where(s => s.IsException).OrderBy(s => s.Name, StringComparer.Ordinal).ToList();
    }

    public ServiceModel Model { get; }

    public List<ClassPlan> Classes { get; } = new();

    public SortedDictionary<string, Shape> Enums { get; } = new(StringComparer.Ordinal);

    public List<Shape> Exceptions { get; }

    private void Wrap(ClassPlan response, string member, Shape whole)
    {
        var facts = new JsonObject();
        facts.Add("shape", whole.Name);
        var use = new ShapeUse(member, facts);
        response.Fields.Add(new Field(member, whole, use));
        Reach(use, written: false);
    }

    private void Fill(ClassPlan plan, Shape shape)
    {
        foreach (var use in shape.Members)
        {
            if (Model.Names.IsExcluded(shape.Name, use.Name)) continue;
            plan.Fields.Add(new Field(Model, shape, use));
            Reach(use, plan.Role == ClassRole.Request);
        }
    }

    private void Reach(ShapeUse use, bool written)
    {
        if (Model.Names.SubstitutionOf(use.ShapeName) is not null) return;
        var shape = Model[use];
        switch (shape.Kind)
        {
            case ShapeKind.List:
                Reach(shape.Element!, written);
                break;
            case ShapeKind.Map:
                Reach(shape.Key!, written);
                Reach(shape.Value!, written);
                break;
            case ShapeKind.String when shape.IsEnum:
                Enums[ServiceNames.Upper(shape.Name)] = shape;
                break;
            case ShapeKind.Structure:
                ReachStructure(shape, written);
                break;
        }
    }

    private void ReachStructure(Shape shape, bool written)
    {
        var known = _structures.TryGetValue(shape.Name, out var plan);
        if (!known || plan is null)
        {
            plan = new ClassPlan(ServiceNames.Upper(shape.Name), ClassRole.Structure, shape.Name);
            _structures.Add(shape.Name, plan);
            foreach (var use in shape.Members)
                if (!Model.Names.IsExcluded(shape.Name, use.Name)) plan.Fields.Add(new Field(Model, shape, use));
        }

        if (written ? plan.IsWritten : plan.IsRead) return;
        if (written) plan.IsWritten = true;
        else plan.IsRead = true;
        foreach (var use in shape.Members)
            if (!Model.Names.IsExcluded(shape.Name, use.Name)) Reach(use, written);
    }
}
