// The comparison of two copies of a block: all bits that both drive out of themselves.
module duplicate_compare #(parameter WIDTH = 64) (
    input clk, input rst,
    input [WIDTH-1:0] first, input [WIDTH-1:0] second,
    input others,
    output raised, output irq);
  alarm alarm (.clk(clk), .rst(rst), .seen(first != second), .others(others), .raised(raised), .irq(irq));
endmodule
