import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

const bans = [
  {
    selector: 'ExportDefaultDeclaration',
    message: 'Export by name, so that every reader uses the same word for the thing.',
  },
  { selector: 'TSEnumDeclaration', message: 'Use a union of string literals: enums are not erasable.' },
  {
    selector: 'ThrowStatement > NewExpression[callee.name="Error"]',
    message:
      "Throw the boundary's own error class, or a RangeError/TypeError that names the value and what was expected.",
  },
];
const impure = [
  {
    selector: 'CallExpression[callee.object.name="Date"][callee.property.name="now"]',
    message: 'Take the time as an argument, or use native/host/clock.ts.',
  },
  {
    selector: 'NewExpression[callee.name="Date"][arguments.length=0]',
    message: 'Take the time as an argument, or use native/host/clock.ts.',
  },
  {
    selector: 'CallExpression[callee.object.name="Math"][callee.property.name="random"]',
    message: 'Take the random source as an argument, so that a test can choose.',
  },
  {
    selector: 'MemberExpression[object.name="process"][property.name="env"]',
    message: 'Read the environment in native/host/config.ts only, through a schema.',
  },
];

export default defineConfig(
  { ignores: ['dist/', 'native/build/', 'node_modules/', 'test/fixtures/', '.cache/', '**/*.cjs', '**/*.mjs'] },
  {
    files: ['**/*.ts', '**/*.tsx'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-unused-vars': ['error', { ignoreUsingDeclarations: true, argsIgnorePattern: '^_' }],
      'max-lines': ['error', { max: 300, skipBlankLines: true, skipComments: true }],
      'max-params': ['error', 3],
      'max-depth': ['error', 3],
      complexity: ['error', 12],
      eqeqeq: 'error',
      'no-console': 'error',
      'no-restricted-syntax': ['error', ...bans, ...impure],
    },
  },
  {
    files: ['**/main.ts', 'native/host/clock.ts', 'native/host/config.ts', 'dashboard/web/**'],
    rules: { 'no-restricted-syntax': ['error', ...bans] },
  },
  {
    files: ['test/**'],
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      'no-restricted-syntax': 'off',
      'max-lines': ['error', { max: 450, skipBlankLines: true, skipComments: true }],
      'no-console': 'off',
    },
  },
  { files: ['*.config.ts', 'dashboard/web/vite.config.ts'], rules: { 'no-restricted-syntax': 'off' } },
);
