// The coder of the (72,64) code of Hsiao (1970): each check bit is the parity of the data
// bits whose column has it. Columns are the 56 words of weight three and the first eight
// of weight five, in ascending order.
module secded_encoder (input [63:0] data, output [7:0] check);
  assign check[0] = ^(data & 64'hdf04225844b12cb7);
  assign check[1] = ^(data & 64'hef0844a88952555b);
  assign check[2] = ^(data & 64'hf710893112649a6d);
  assign check[3] = ^(data & 64'h7b2111c22388e38e);
  assign check[4] = ^(data & 64'hbd421e043c0f03f0);
  assign check[5] = ^(data & 64'h3e83e007c00ffc00);
  assign check[6] = ^(data & 64'hc0fc0007fff00000);
  assign check[7] = ^(data & 64'h00fffff800000000);
endmodule
