/**
 * The first field, in the order of the form, that has a problem: where to go on. Browsers without scripts are taken
 * there by `autofocus`, the others by Submission.
 */
export function firstProblem(
  fields: Record<string, string | undefined>,
  ...order: string[]
): string | undefined {
  return order.find((name) => fields[name]);
}
