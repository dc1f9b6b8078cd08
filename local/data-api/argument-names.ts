import { OperationNodeTransformer, RawNode, type KyselyPlugin, type OperationNode } from 'kysely';

/** `name := value`, as @supabase/lite writes the arguments of a function. */
function isNamedArgument(node: RawNode): boolean {
  return /^(VARIADIC )?$/.test(node.sqlFragments[0] ?? '') && node.sqlFragments[1] === ' := ';
}

function quoted(name: OperationNode): OperationNode {
  if (!RawNode.is(name) || name.sqlFragments.length !== 1) return name;
  const [identifier = ''] = name.sqlFragments;
  return RawNode.createWithSql(`"${identifier.replaceAll('"', '""')}"`);
}

class ArgumentQuoter extends OperationNodeTransformer {
  protected override transformRaw(node: RawNode): RawNode {
    const transformed = super.transformRaw(node);
    if (!isNamedArgument(transformed)) return transformed;
    const [name, ...values] = transformed.parameters;
    return name ? { ...transformed, parameters: [quoted(name), ...values] } : transformed;
  }
}

/**
 * Quotes the names of function arguments, which @supabase/lite leaves bare: `limit` and names in mixed case would not
 * work. PostgREST quotes them.
 */
export function quoteArgumentNames(): KyselyPlugin {
  const quoter = new ArgumentQuoter();
  return {
    transformQuery: ({ node }) => quoter.transformNode(node),
    transformResult: async ({ result }) => result
  };
}
