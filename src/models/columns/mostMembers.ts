/** Members of a model at most; apart, as the table of all options of a fit has it too. */
export const mostMembers = 16;
