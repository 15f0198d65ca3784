import COpenBLAS

/// Instruction set the kernels were compiled for, as far as it changes the bits: wider vectors add in another order.
public var instructionSet: String { String(cString: cblas_instruction_set()) }
