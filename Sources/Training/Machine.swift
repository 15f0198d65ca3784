import Kernels

/// What the bits of a run depend on beside its options.
public enum Machine {
  /// Instruction set the kernels were built for, OpenBLAS's core type and version.
  public static var description: [NamedValue] {
    [NamedValue("instruction set", Kernels.instructionSet), NamedValue("OpenBLAS", Kernels.blasDescription)]
  }
}
