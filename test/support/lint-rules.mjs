/** The laws of the house that oxlint has no rule for. */
const rules = {
  'no-enum': {
    create: (context) => ({
      TSEnumDeclaration: (node) => context.report({ node, message: 'A union of strings, not an enum.' }),
    }),
  },
  'no-export-all': {
    create: (context) => ({
      ExportAllDeclaration: (node) => context.report({ node, message: 'Doors name what they export.' }),
    }),
  },
};

export default { meta: { name: 'house' }, rules };
