import { OperationNodeTransformer, RawNode, type KyselyPlugin, type OperationNode } from 'kysely';

/** `name := value`, as @supabase/lite writes the arguments of a function; mostly `name := value::type`. */
function isNamedArgument(node: RawNode): boolean {
  return /^(VARIADIC )?$/.test(node.sqlFragments[0] ?? '') && node.sqlFragments[1] === ' := ';
}

function quoted(name: OperationNode): OperationNode {
  if (!RawNode.is(name) || name.sqlFragments.length !== 1) return name;
  const [identifier = ''] = name.sqlFragments;
  return RawNode.createWithSql(`"${identifier.replaceAll('"', '""')}"`);
}

const isJson = (type: OperationNode | undefined) =>
  type !== undefined && RawNode.is(type) && /^jsonb?$/.test(type.sqlFragments.join(''));

class ArgumentMender extends OperationNodeTransformer {
  protected override transformRaw(node: RawNode): RawNode {
    const transformed = super.transformRaw(node);
    if (!isNamedArgument(transformed)) return transformed;
    const [name, , type] = transformed.parameters;
    if (!name) return transformed;
    return {
      ...transformed,
      sqlFragments: transformed.sqlFragments.map((text) =>
        text === '::' && isJson(type) ? '::text::' : text
      ),
      parameters: [quoted(name), ...transformed.parameters.slice(1)]
    };
  }
}

/**
 * Arguments of functions as PostgREST passes them on. @supabase/lite leaves their names bare, so that `limit` and names
 * in mixed case would not work; and JSON it writes as a text, which the driver would write as JSON again.
 */
export function mendArguments(): KyselyPlugin {
  const mender = new ArgumentMender();
  return {
    transformQuery: ({ node }) => mender.transformNode(node),
    transformResult: async ({ result }) => result
  };
}
